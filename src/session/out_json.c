/* SPDX-License-Identifier: GPL-2.0-or-later
 * Schema mmscope/1. Every null that is written is remembered by its path pattern, so
 * that none leaves without a reason.
 */
#include "mmscope/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "mmscope/stacks.h"
#include "mmscope/syscalls.h"
#include "mmscope/tasktable.h"
#include "src/session/json.h"

#define SCHEMA "mmscope/1"

enum { NULLS = MM_NR + 48 };

struct document {
	struct json j;
	const struct snapshot *s;	/* NULL: a document about all tasks */
	const struct stacks *stacks;	/* kernel stacks, or NULL */
	const char *nulls[NULLS];	/* path patterns; static strings */
	size_t nnulls;
};

/* Reasons that lie in this program and not in the target. The last one covers all. */
static const struct {
	const char *what, *why, *try_this;
} own_reasons[] = {
	{ "vmas[].pss", "only smaps knows it, and reading smaps is costly for the target",
	  "--smaps" },
	{ "vmas[].swap", "only smaps knows it, and reading smaps is costly for the target",
	  "--smaps" },
	{ "vmas[].locked", "only smaps knows it, and reading smaps is costly for the target",
	  "--smaps" },
	{ "vmas[].flags", "only smaps knows it, and reading smaps is costly for the target",
	  "--smaps" },
	{ "tasks[].stack.frames", "only a live process has functions whose frames could be told", "" },
	{ "tasks[].stack", "no mapping could be told to be this task's stack", "" },
	{ "tasks[].kstack", "the source did not tell of this task's kernel stack", "" },
	{ "cpus", "the source did not tell of the stacks of CPUs", "" },
	{ "mm", "the process has no user space", "" },
	{ "", "the source could not tell", "" },
};

static void unknown(struct document *d, const char *key, const char *what)
{
	size_t i;

	json_null(&d->j, key);
	for (i = 0; i < d->nnulls; i++)
		if (d->nulls[i] == what || !strcmp(d->nulls[i], what))
			return;
	if (d->nnulls < NULLS)
		d->nulls[d->nnulls++] = what;
}

static void bytes(struct document *d, const char *key, const char *what, uint64_t value)
{
	if (value == UNKNOWN)
		unknown(d, key, what);
	else if (value == UNLIMITED)
		json_string(&d->j, key, "unlimited");
	else
		json_uint(&d->j, key, value);
}

static void address(struct document *d, const char *key, const char *what, uint64_t value)
{
	if (value == UNKNOWN)
		unknown(d, key, what);
	else
		json_address(&d->j, key, value);
}

static void letter(struct json *j, const char *key, char c)
{
	json_text(j, key, &c, 1);
}

static void process(struct document *d)
{
	const struct process *p = &d->s->process;
	struct json *j = &d->j;

	json_object(j, "process");
	json_int(j, "pid", p->pid);
	json_int(j, "ppid", p->ppid);
	json_path(j, "comm", p->comm, strnlen(p->comm, sizeof(p->comm)));
	if (p->exe[0])
		json_path(j, "exe", p->exe, strnlen(p->exe, sizeof(p->exe)));
	else if (!p->kthread)
		unknown(d, "exe", "process.exe");
	letter(j, "state", p->state);
	json_bool(j, "kthread", p->kthread);
	if (p->uid != (uid_t)-1)
		json_uint(j, "uid", p->uid);
	if (p->ended) {
		json_bool(j, "ended", true);
		if (p->exit_known)
			json_int(j, "exit_status", p->exit_status);
	}
	json_close(j, '}');
}

static void counters(struct document *d)
{
	static const char *const paths[MM_NR] = {
#define X(id, key, from, unit, about) [MM_##id] = "mm." key,
		MM_FIELDS(X)
#undef X
	};
	static const char *const limits[LIMIT_NR] = {
		[LIMIT_STACK] = "limits.stack",
		[LIMIT_AS] = "limits.as",
		[LIMIT_DATA] = "limits.data",
		[LIMIT_MEMLOCK] = "limits.memlock",
	};

	if (d->s->process.kthread) {
		unknown(d, "mm", "mm");
	} else {
		json_object(&d->j, "mm");
		for (int i = 0; i < MM_NR; i++) {
			if (mm_fields[i].unit == MM_ADDRESS)
				address(d, mm_fields[i].key, paths[i], d->s->mm[i]);
			else
				bytes(d, mm_fields[i].key, paths[i], d->s->mm[i]);
		}
		json_close(&d->j, '}');
	}
	json_object(&d->j, "limits");
	for (int i = 0; i < LIMIT_NR; i++)
		bytes(d, limit_names[i], limits[i], d->s->limits[i]);
	json_close(&d->j, '}');
	json_object(&d->j, "faults");
	bytes(d, "minor", "faults.minor", d->s->minflt);
	bytes(d, "major", "faults.major", d->s->majflt);
	json_close(&d->j, '}');
}

/* What maps tells; also what an event carries. */
static void mapping(struct json *j, const struct vma *v)
{
	char perms[5], dev[24];

	json_address(j, "start", v->start);
	json_address(j, "end", v->end);
	json_string(j, "perms", vma_perms(v, perms));
	json_address(j, "offset", v->offset);
	snprintf(dev, sizeof(dev), "%02x:%02x", v->dev_major, v->dev_minor);
	json_string(j, "dev", dev);
	json_uint(j, "inode", v->inode);
	if (v->path[0])
		json_path(j, "path", v->path, strlen(v->path));
	json_string(j, "role", vma_roles[v->role].name);
	if (v->guess)
		json_string(j, "role_guess", v->guess == 1 ? "likely" : "weak");
	if (v->tid)
		json_int(j, "tid", v->tid);
}

static void flags(struct document *d, const struct vma_detail *detail)
{
	if (!detail) {
		unknown(d, "flags", "vmas[].flags");
		return;
	}
	json_array(&d->j, "flags");
	for (int i = 0; i < 64 && vma_flag_names[i]; i++)
		if (detail->flags >> i & 1)
			json_string(&d->j, NULL, vma_flag_names[i]);
	json_close(&d->j, ']');
}

static void vma(struct document *d, size_t i, struct buf *code)
{
	const struct vma *v = &d->s->layout->vmas[i];
	struct vma_figures f = vma_figures(d->s, i);
	struct json *j = &d->j;

	json_object(j, NULL);
	mapping(j, v);
	json_uint(j, "size", vma_size(v));
	bytes(d, "rss", "vmas[].rss", f.rss);
	bytes(d, "pss", "vmas[].pss", f.detail ? f.detail->pss : UNKNOWN);
	bytes(d, "anonymous", "vmas[].anonymous", f.anonymous);
	bytes(d, "swap", "vmas[].swap", f.detail ? f.detail->swap : UNKNOWN);
	bytes(d, "locked", "vmas[].locked", f.detail ? f.detail->locked : UNKNOWN);
	flags(d, f.detail);
	if (f.pages) {
		buf_reset(code);
		residency_encode(d->s->pages, v->start, v->end, code);
		json_text(j, "pages", code->data, code->len);
	} else {
		unknown(d, "pages", "vmas[].pages");
	}
	json_close(j, '}');
}

static void vmas(struct document *d)
{
	struct buf code = BUF_INIT;

	if (!d->s->layout && !d->s->process.kthread) {
		unknown(d, "vmas", "vmas");
		return;
	}
	json_array(&d->j, "vmas");
	for (size_t i = 0; d->s->layout && i < d->s->layout->n; i++)
		vma(d, i, &code);
	json_close(&d->j, ']');
	buf_free(&code);
}

static void frame(struct document *d, const struct user_frame *f)
{
	struct json *j = &d->j;

	json_object(j, NULL);
	if (*f->function)
		json_path(j, "function", f->function, strlen(f->function));
	else
		unknown(d, "function", "tasks[].stack.frames[].function");
	json_address(j, "pc", f->pc);
	json_address(j, "sp", f->sp);
	bytes(d, "bytes", "tasks[].stack.frames[].bytes", f->bytes);
	if (f->takes != UNKNOWN)
		json_uint(j, "static_bytes", f->takes);
	if (*f->module)
		json_path(j, "module", f->module, strlen(f->module));
	if (*f->file && f->line) {
		json_path(j, "file", f->file, strlen(f->file));
		json_uint(j, "line", f->line);
	}
	json_string(j, "found", frame_step_names[f->step]);
	if (f->signal)
		json_bool(j, "signal", true);
	json_close(j, '}');
}

static void frames(struct document *d, pid_t tid)
{
	const struct unwound_task *t = unwound_find(d->s->unwound, tid);
	struct json *j = &d->j;

	if (!t || !t->n) {
		unknown(d, "frames", "tasks[].stack.frames");
		return;
	}
	json_array(j, "frames");
	for (size_t i = 0; i < t->n; i++)
		frame(d, &d->s->unwound->frames[t->first + i]);
	json_close(j, ']');
	json_string(j, "frames_from", unwound_rung_names[t->rung]);
	json_bool(j, "frames_complete", t->complete);
	json_string(j, "frames_end", t->end);
}

static void stack(struct document *d, const struct task *t)
{
	const struct task_stack *st = &t->stack;
	struct json *j = &d->j;

	if (st->vma_end == 0) {
		unknown(d, "stack", "tasks[].stack");
		return;
	}
	json_object(j, "stack");
	json_address(j, "vma_start", st->vma_start);
	json_address(j, "vma_end", st->vma_end);
	json_string(j, "found", stack_found_names[st->found]);
	bytes(d, "used", "tasks[].stack.used", st->used);
	bytes(d, "resident", "tasks[].stack.resident", st->resident);
	bytes(d, "limit", "tasks[].stack.limit", st->limit);
	if (st->guard_end) {
		json_address(j, "guard_start", st->guard_start);
		json_address(j, "guard_end", st->guard_end);
	}
	bytes(d, "high_water", "tasks[].stack.high_water", st->high_water);
	frames(d, t->tid);
	json_close(j, '}');
}

static void kframes(struct document *d, const char *name, const struct kframe *v, size_t n)
{
	struct json *j = &d->j;

	json_array(j, name);
	for (size_t i = 0; i < n; i++) {
		const struct kframe *f = &v[i];

		json_object(j, NULL);
		if (*f->function)
			json_string(j, "function", f->function);
		else
			unknown(d, "function", "tasks[].kstack.frames[].function");
		bytes(d, "offset", "tasks[].kstack.frames[].offset", f->offset);
		bytes(d, "bytes", "tasks[].kstack.frames[].bytes", f->bytes);
		if (f->takes)
			json_uint(j, "static_bytes", f->takes);
		if (f->ambiguous)
			json_bool(j, "ambiguous", true);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void kstack_frames(struct document *d, const struct kstack *k)
{
	if (k->frames)
		kframes(d, "frames", k->frames, k->nframes);
	else
		unknown(d, "frames", "tasks[].kstack.frames");
	if (k->nswitches)
		kframes(d, "switch_frames", k->switches, k->nswitches);
}

static void kstack(struct document *d, const struct kstack *k)
{
	struct json *j = &d->j;

	if (!k || k->size == UNKNOWN) {
		unknown(d, "kstack", "tasks[].kstack");
		return;
	}
	json_object(j, "kstack");
	json_uint(j, "size", k->size);
	bytes(d, "used", "tasks[].kstack.used", k->used);
	bytes(d, "high_water", "tasks[].kstack.high_water", k->high_water);
	kstack_frames(d, k);
	json_string(j, "read_from", kstack_rungs[k->rung].name);
	if (k->base != UNKNOWN)
		json_address(j, "base", k->base);
	if (k->regs != UNKNOWN)
		json_uint(j, "regs", k->regs);
	if (k->on_cpu)
		json_bool(j, "running", true);
	if (k->rung >= KSTACK_BPF)
		json_bool(j, "end_magic_ok", k->magic_ok);
	json_close(j, '}');
}

static void cpus(struct document *d)
{
	struct json *j = &d->j;

	if (!d->stacks || !d->stacks->cpus) {
		unknown(d, "cpus", "cpus");
		return;
	}
	json_array(j, "cpus");
	for (size_t i = 0; i < d->stacks->ncpus; i++) {
		const struct cpu_stacks *c = &d->stacks->cpus[i];

		json_object(j, NULL);
		json_uint(j, "cpu", c->cpu);
		if (!c->n)
			unknown(d, "stacks", "cpus[].stacks");
		else
			json_array(j, "stacks");
		for (size_t n = 0; n < c->n; n++) {
			json_object(j, NULL);
			json_string(j, "name", c->stack[n].name);
			json_uint(j, "size", c->stack[n].size);
			bytes(d, "high_water", "cpus[].stacks[].high_water",
			      c->stack[n].high_water);
			json_bool(j, "mapped", c->stack[n].mapped);
			json_close(j, '}');
		}
		if (c->n)
			json_close(j, ']');
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void task(struct document *d, const struct task *t)
{
	struct json *j = &d->j;

	json_object(j, NULL);
	json_int(j, "tid", t->tid);
	json_int(j, "tgid", t->tgid);
	json_path(j, "comm", t->comm, strnlen(t->comm, sizeof(t->comm)));
	letter(j, "state", t->state);
	/* A kernel thread has no user registers and no user stack: absent, not unknown. */
	if (!d->s->process.kthread) {
		address(d, "sp", "tasks[].sp", t->sp);
		address(d, "pc", "tasks[].pc", t->pc);
		if (t->syscall == SYSCALL_UNKNOWN) {
			unknown(d, "syscall", "tasks[].syscall");
		} else if (t->syscall >= 0) {
			json_int(j, "syscall", t->syscall);
			if (task_syscall_name(t))
				json_string(j, "syscall_name", task_syscall_name(t));
			json_array(j, "syscall_args");
			for (size_t i = 0; i < ARRAY_LEN(t->args); i++)
				json_address(j, NULL, t->args[i]);
			json_close(j, ']');
		}
		stack(d, t);
	}
	kstack(d, stacks_find(d->stacks, t->tid));
	json_close(j, '}');
}

static void tasks(struct document *d)
{
	if (!d->s->tasks) {
		unknown(d, "tasks", "tasks");
		return;
	}
	json_array(&d->j, "tasks");
	for (size_t i = 0; i < d->s->tasks->n; i++)
		task(d, &d->s->tasks->tasks[i]);
	json_close(&d->j, ']');
}

static void reason(struct json *j, const char *what, const char *why, const char *try_this)
{
	json_object(j, NULL);
	json_string(j, "what", what);
	json_string(j, "why", why);
	json_string(j, "try", try_this);
	json_close(j, '}');
}

/* Those of the snapshot, then those of its kernel stacks; either may be NULL. */
static const struct whys *given(const struct document *d, int i)
{
	if (i == 0)
		return d->s ? d->s->whys : NULL;
	return d->stacks ? d->stacks->whys : NULL;
}

static const struct why *find_reason(const struct document *d, const char *what)
{
	const struct why *w = whys_find(given(d, 0), what);

	return w ? w : whys_find(given(d, 1), what);
}

/* The reason a source gives for a path; the states of pages are one part for it. */
static const struct why *given_reason(const struct document *d, const char *what)
{
	const struct why *w = find_reason(d, what);

	if (!w && (!strcmp(what, "vmas[].pages") || !strcmp(what, "vmas[].rss") ||
		   !strcmp(what, "vmas[].anonymous")))
		w = find_reason(d, "pages");
	return w;
}

static void unavailable(struct document *d)
{
	json_array(&d->j, "unavailable");
	for (int of = 0; of < 2; of++) {
		const struct whys *w = given(d, of);

		for (size_t i = 0; w && i < w->n; i++)
			reason(&d->j, w->why[i].what, w->why[i].why, w->why[i].try_this);
	}
	for (size_t i = 0; i < d->nnulls; i++) {
		const struct why *w = given_reason(d, d->nulls[i]);
		size_t own = 0;

		if (find_reason(d, d->nulls[i]))
			continue;
		if (w) {
			reason(&d->j, d->nulls[i], w->why, w->try_this);
			continue;
		}
		while (own_reasons[own].what[0] && strcmp(own_reasons[own].what, d->nulls[i]))
			own++;
		reason(&d->j, d->nulls[i], own_reasons[own].why, own_reasons[own].try_this);
	}
	json_close(&d->j, ']');
}

static void sampling(struct json *j, const struct snapshot *s)
{
	json_object(j, "sampling");
	json_uint(j, "seq", s->seq);
	json_uint(j, "wall_ns", s->cost.wall_ns);
	json_uint(j, "cpu_ns", s->cost.cpu_ns);
	json_object(j, "read_from");
	for (int i = 0; i < PANEL_NR; i++)
		if (s->cost.rung[i])
			json_string(j, panel_names[i], s->cost.rung[i]);
	json_close(j, '}');
	json_close(j, '}');
}

void out_json(FILE *out, const struct snapshot *s, bool line)
{
	struct document d = { .s = s, .stacks = s->stacks };

	json_start(&d.j, out, !line);
	json_object(&d.j, NULL);
	json_string(&d.j, "schema", SCHEMA);
	if (line)
		json_string(&d.j, "type", "sample");
	json_string(&d.j, "source", s->source);
	json_uint(&d.j, "time_ns", s->time_ns);
	process(&d);
	counters(&d);
	vmas(&d);
	tasks(&d);
	cpus(&d);
	unavailable(&d);
	sampling(&d.j, s);
	json_close(&d.j, '}');
	json_end(&d.j);
}

static void system_task(struct document *d, const struct kstack *k)
{
	struct json *j = &d->j;

	json_object(j, NULL);
	json_int(j, "tid", k->tid);
	json_int(j, "tgid", k->tgid);
	json_int(j, "ppid", k->ppid);
	json_path(j, "comm", k->comm, strnlen(k->comm, sizeof(k->comm)));
	letter(j, "state", k->state);
	json_bool(j, "kthread", k->kthread);
	kstack(d, k);
	json_close(j, '}');
}

static void summary(struct json *j, const struct stacks *s)
{
	struct tasktable_summary sum = tasktable_summary(s);

	json_object(j, "summary");
	json_uint(j, "tasks", sum.tasks);
	json_uint(j, "measured", sum.measured);
	json_uint(j, "frames", sum.frames);
	json_uint(j, "ambiguous_frames", sum.ambiguous);
	if (sum.deepest) {
		json_uint(j, "mean_high_water", sum.high_mean);
		json_object(j, "deepest");
		json_int(j, "tid", sum.deepest->tid);
		json_uint(j, "high_water", sum.deepest->high_water);
		json_close(j, '}');
	}
	json_array(j, "distribution");
	for (size_t i = 0; i < sum.nclasses; i++) {
		if (!sum.class[i])
			continue;
		json_object(j, NULL);
		json_uint(j, "from", i * sum.step);
		json_uint(j, "below", (i + 1) * sum.step);
		json_uint(j, "tasks", sum.class[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}

void tasktable_json(FILE *out, const struct stacks *s, const struct tasktable_options *o,
		    uint64_t time_ns)
{
	size_t *order = tasktable_order(s, o->sort);
	struct document d = { .stacks = s };

	json_start(&d.j, out, true);
	json_object(&d.j, NULL);
	json_string(&d.j, "schema", SCHEMA);
	json_string(&d.j, "type", "tasks");
	json_string(&d.j, "source", "live");
	json_uint(&d.j, "time_ns", time_ns);
	json_string(&d.j, "read_from", kstack_rungs[s->rung].name);
	json_array(&d.j, "tasks");
	for (size_t i = 0; i < s->n; i++)
		system_task(&d, &s->tasks[order[i]]);
	json_close(&d.j, ']');
	cpus(&d);
	summary(&d.j, s);
	unavailable(&d);
	json_close(&d.j, '}');
	json_end(&d.j);
	free(order);
}

static void event_vmas(struct json *j, const char *key, const struct vma *v, size_t n)
{
	json_array(j, key);
	for (size_t i = 0; i < n; i++) {
		json_object(j, NULL);
		mapping(j, &v[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void event_figure(struct json *j, const char *key, uint16_t field, uint64_t value)
{
	if (value == UNKNOWN)
		return;
	if (value == UNLIMITED)
		json_string(j, key, "unlimited");
	else if (field < MM_NR && mm_fields[field].unit == MM_ADDRESS)
		json_address(j, key, value);
	else
		json_uint(j, key, value);
}

static void event_payload(struct json *j, const struct event *e)
{
	if (e->type <= EVENT_RESHAPED) {
		event_vmas(j, "before", e->vmas.before, e->vmas.nbefore);
		event_vmas(j, "after", e->vmas.after, e->vmas.nafter);
	} else if (e->type <= EVENT_PAGES_KIND) {
		/* The kind of a page that is merely resident is not known: absent. */
		if (e->pages.before != PAGE_PRESENT)
			letter(j, "before", page_states[e->pages.before].letter);
		if (e->pages.after != PAGE_PRESENT)
			letter(j, "after", page_states[e->pages.after].letter);
	} else if (e->type == EVENT_COUNTER) {
		json_string(j, "field", event_counter_name(e->counter.field));
		event_figure(j, "before", e->counter.field, e->counter.before);
		event_figure(j, "after", e->counter.field, e->counter.after);
	} else if (e->type == EVENT_KSTACK_DEEPER) {
		json_uint(j, "before", e->kstack.before->high_water);
		json_uint(j, "after", e->kstack.after->high_water);
	}
}

static void event(FILE *out, const struct event *e)
{
	struct buf says = BUF_INIT;
	struct json j;

	event_describe(e, &says);
	json_start(&j, out, false);
	json_object(&j, NULL);
	json_string(&j, "schema", SCHEMA);
	json_string(&j, "type", "event");
	json_uint(&j, "time_ns", e->time_ns);
	json_string(&j, "event", event_types[e->type].name);
	if (e->start < e->end) {
		json_address(&j, "start", e->start);
		json_address(&j, "end", e->end);
	}
	if (e->amount)
		json_uint(&j, "amount", e->amount);
	if (e->tid)
		json_int(&j, "tid", e->tid);
	event_payload(&j, e);
	json_string(&j, "text", buf_str(&says));
	json_close(&j, '}');
	json_end(&j);
	buf_free(&says);
}

void out_json_events(FILE *out, const struct event_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (event_is_news(&l->events[i]))
			event(out, &l->events[i]);
}
