/* SPDX-License-Identifier: GPL-2.0-or-later
 * Lines of a file of any length through a small buffer.
 */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "src/live/feed.h"
#include "src/live/lines.h"

void lines_start(struct lines *l, int fd, char *buf)
{
	*l = (struct lines){ .fd = fd, .buf = buf, .held = LINES_NONE };
}

static ssize_t read_at(int fd, char *buf, size_t most, off_t at, int *ret_errnum)
{
	ssize_t n;

	do
		n = pread(fd, buf, most, at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		*ret_errnum = errno;
	return n;
}

/* Does the line that these bytes go on with ever end? */
static bool endless(size_t *unended, const char *read, size_t n)
{
	const char *eol = memrchr(read, '\n', n);

	*unended = eol ? (size_t)(read + n - eol) - 1 : *unended + n;
	return *unended > LINES_LONGEST;
}

static bool fill(struct lines *l, size_t most)
{
	size_t keep = l->held < l->from ? l->held : l->from;
	ssize_t n;

	if (l->to - keep == LINES_BUFFER) {
		l->held = LINES_NONE;
		keep = l->from;
	}
	if (keep) {
		memmove(l->buf, l->buf + keep, l->to - keep);
		l->to -= keep;
		l->from -= keep;
		if (l->held != LINES_NONE)
			l->held -= keep;
	}
	if (most > LINES_BUFFER - l->to)
		most = LINES_BUFFER - l->to;
	n = l->feed ? (ssize_t)feed_take(l->feed, l->buf + l->to, most, &l->errnum) :
		      read_at(l->fd, l->buf + l->to, most, l->at, &l->errnum);
	if (n <= 0)
		return false;
	if (!l->feed && endless(&l->unended, l->buf + l->to, (size_t)n)) {
		l->errnum = EFBIG;
		return false;
	}
	l->to += (size_t)n;
	l->at += n;
	return true;
}

void lines_run(struct lines *l, void (*take)(void *arg), void *arg)
{
	struct feed feed;
	size_t unended;
	off_t at;
	int errnum = 0;

	while (l->to < LINES_BUFFER && fill(l, LINES_BUFFER))
		;
	at = l->at;
	unended = l->unended;
	l->feed = l->to == LINES_BUFFER ? &feed : NULL;
	if (!l->feed || !feed_start(&feed, take, arg)) {
		l->feed = NULL;
		take(arg);
		return;
	}
	for (;;) {
		size_t room;
		char *to = feed_room(&feed, &room);
		ssize_t n = read_at(l->fd, to, room, at, &errnum);

		if (n > 0 && endless(&unended, to, (size_t)n))
			errnum = EFBIG;
		if (n <= 0 || errnum)
			break;
		at += n;
		feed_put(&feed, (size_t)n);
	}
	feed_end(&feed, errnum);
	l->feed = NULL;
}

bool lines_next(struct lines *l, const char **ret_line, size_t *ret_n)
{
	size_t seen = 0;

	for (;;) {
		char *start = l->buf + l->from;
		char *eol = memchr(start + seen, '\n', l->to - l->from - seen);
		size_t n = eol ? (size_t)(eol - start) : l->to - l->from;
		bool skip = l->cut;

		if (!eol && n < LINES_BUFFER) {
			seen = n;
			if (fill(l, LINES_BUFFER))
				continue;
			if (!n)
				return false;
			start = l->buf + l->from;	/* it may have moved */
		}
		l->from += n + (eol ? 1 : 0);
		l->cut = !eol && n == LINES_BUFFER;
		seen = 0;
		if (skip)
			continue;
		l->line = (size_t)(start - l->buf);
		*ret_line = start;
		*ret_n = n;
		return true;
	}
}

bool lines_have(struct lines *l, size_t n)
{
	if (l->cut)
		return false;
	while (l->to - l->from < n)
		if (!fill(l, n - (l->to - l->from)))
			return false;
	return true;
}

void lines_back(struct lines *l)
{
	l->from = l->line;
	l->cut = false;
}
