/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/batch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "mmscope/clock.h"

enum { SETTLE_MS = 300 };

struct batch {
	struct source *src;
	FILE *out;
	const struct batch_options *o;
	const struct snapshot *given;	/* the last one, as the source gave it */
	const struct snapshot *last;	/* and as it was written */
	const struct snapshot *born;	/* of what `run` started: as exec left it */
	unsigned long frame;
	bool quiet;			/* --plain: that nothing changed was said */
};

static bool brings_news(const struct event_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (event_is_news(&l->events[i]))
			return true;
	return false;
}

/* What is read aloud says once that nothing changed, then is silent until something does, or
 * until the last sample. False: this is such a silence. */
static bool worth_saying(struct batch *b, const struct event_list *events)
{
	bool news = brings_news(events), silent = b->quiet && !news && b->frame != b->o->samples;

	b->quiet = !news;
	return !silent;
}

/* False: nothing was said of it, the next one is compared with the one before. */
static bool write_sample(struct batch *b, const struct snapshot *s)
{
	struct output_options text = { .ascii = b->o->ascii };
	struct event_list events;
	bool said = true;

	if (b->o->format == BATCH_JSON) {
		out_json(b->out, s, false);
		return true;
	}
	if (b->o->format == BATCH_TEXT) {
		text.frame = b->o->samples == 1 ? 0 : b->frame;
		out_text(b->out, s, &text);
		return true;
	}
	if (b->last) {
		events = snapshot_diff(b->last, s);
		if (b->o->format == BATCH_NDJSON)
			out_json_events(b->out, &events);
		else if ((said = worth_saying(b, &events)))
			out_plain_events(b->out, &events, s, &text);
		event_list_free(&events);
	} else if (b->o->format == BATCH_PLAIN) {
		out_plain(b->out, s, &text);
	}
	if (b->o->format == BATCH_NDJSON)
		out_json(b->out, s, true);
	return said;
}

/* Whoever is silent for long writes nothing that could fail: what a write would have met. */
static struct error *nobody_reads(short revents)
{
	bool terminal = revents & POLLHUP;

	if (!terminal)
		raise(SIGPIPE);
	return error_os(ERR_FAILURE, terminal ? EIO : EPIPE, "cannot write the output");
}

/* Until `deadline`, or until the target ends; the child's output is drained meanwhile. */
static struct error *wait_until(const struct batch *b, uint64_t deadline)
{
	for (;;) {
		struct pollfd fds[3] = {
			{ .fd = -1, .events = POLLIN },
			{ .fd = -1, .events = POLLIN },
			{ .fd = fileno(b->out) },
		};
		uint64_t now = clock_now_ns();
		uint64_t ms = now < deadline ? (deadline - now + 999999) / 1000000 : 0;

		if (b->src->ops->fd)
			fds[0].fd = b->src->ops->fd(b->src);
		if (b->o->child)
			fds[1].fd = child_fd(b->o->child);
		if (poll(fds, 3, ms > 3600000 ? 3600000 : (int)ms) < 0 && errno != EINTR)
			return NULL;
		if (fds[1].revents)
			child_drain(b->o->child);
		if (fds[2].revents & (POLLERR | POLLHUP))
			return nobody_reads(fds[2].revents);
		if (fds[0].revents || clock_now_ns() >= deadline)
			return NULL;
	}
}

/* What was just started has hardly mapped anything: its first words, or a moment, are
 * waited for. A program that is over by then is shown as exec left it. */
static struct error *settle(struct batch *b)
{
	const struct source_want want = {
		.everything = true,
		.tasks = true,
		.detail = b->o->detail,
	};
	struct pollfd fds[2] = {
		{ .fd = child_fd(b->o->child), .events = POLLIN },
		{ .fd = b->src->ops->fd ? b->src->ops->fd(b->src) : -1, .events = POLLIN },
	};
	struct error *err = b->src->ops->sample(b->src, &want, &b->born);

	if (err)
		return err;
	poll(fds, 2, SETTLE_MS);
	child_drain(b->o->child);
	return NULL;
}

/* The target was over before it was looked at: a zombie is still there to be sampled. */
static bool over(const struct batch *b)
{
	struct pollfd fd = {
		.fd = b->src->ops->fd ? b->src->ops->fd(b->src) : -1,
		.events = POLLIN,
	};

	return poll(&fd, 1, 0) > 0;
}

/* Ended, or on the way there: its memory is given back already. */
static bool spent(const struct snapshot *s)
{
	return s->process.ended || s->mm[MM_VM_SIZE] == UNKNOWN;
}

static struct error *sample(struct batch *b, bool *ended)
{
	const struct source_want want = {
		.everything = true,
		.tasks = true,
		.detail = b->o->detail,
		.unwind = b->o->format == BATCH_JSON || b->o->format == BATCH_NDJSON ?
			  UNWIND_ALL : 0,
		.kstacks = b->o->format == BATCH_JSON || b->o->format == BATCH_NDJSON ?
			   KSTACKS_PROCESS : KSTACKS_KTHREAD,
	};
	const struct snapshot *given, *s;
	bool before = !b->born && over(b), said;
	struct error *err = b->src->ops->sample(b->src, &want, &given);

	if (err)
		return err;
	if (!b->frame && b->born && spent(given) && !spent(b->born)) {
		snapshot_put(given);
		given = snapshot_get(b->born);
	}
	s = snapshot_get(given);
	/* Nothing moved: the same picture, seen again at another time. */
	if (given == b->given && (b->src->ops->caps & CAP_LIVE)) {
		struct snapshot *again = snapshot_copy(given);

		again->time_ns = clock_now_ns();
		snapshot_put(s);
		s = again;
	}
	b->frame++;
	*ended = before || s->process.ended || (b->frame == 1 && b->born && spent(s));
	errno = 0;
	said = write_sample(b, s);
	if (ferror(b->out))
		err = error_os(ERR_FAILURE, errno ? errno : EIO, "cannot write the output");
	snapshot_put(b->given);
	b->given = given;
	if (said) {
		snapshot_put(b->last);
		b->last = s;
	} else {
		snapshot_put(s);
	}
	return err;
}

struct error *batch_run(struct source *src, FILE *out, const struct batch_options *o)
{
	struct batch b = { .src = src, .out = out, .o = o };
	uint64_t next = clock_now_ns();
	struct error *err = NULL;
	bool ended = false;

	if (o->child)
		err = settle(&b);
	while (!err) {
		err = sample(&b, &ended);
		if (!err && ended && b.frame == 1)
			err = error_create(ERR_ENDED, "the process ended before the first sample");
		else if (!err && ended)
			err = error_create(ERR_ENDED, "the process ended after %lu sample%s",
					   b.frame - 1, b.frame == 2 ? "" : "s");
		if (err || b.frame == o->samples)
			break;
		next += (uint64_t)(o->delay * 1e9);
		/* Late already (a stopped program, a slow reader): no burst to catch up. */
		if (next < clock_now_ns())
			next = clock_now_ns();
		err = wait_until(&b, next);
	}
	snapshot_put(b.born);
	snapshot_put(b.given);
	snapshot_put(b.last);
	return err;
}
