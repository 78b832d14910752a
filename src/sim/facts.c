/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/facts.h"

#include <stdio.h>
#include <string.h>

#include "mmscope/buf.h"
#include "src/sim/klook.h"

static void number(struct fact_answer *ret, uint64_t n)
{
	ret->known = true;
	ret->number = n;
}

static void word(struct fact_answer *ret, const char *s)
{
	ret->known = true;
	snprintf(ret->text, sizeof(ret->text), "%s", s);
}

/* ---- kernel stacks ---- */

static bool stack_of(const struct sim *s, const struct fact_ask *ask, struct sim_kstack *k,
		     struct fact_answer *ret)
{
	if (ask->task >= 0 && sim_kstack_get(s, (unsigned)ask->task, k))
		return true;
	snprintf(ret->text, sizeof(ret->text), "the task has ended");
	return false;
}

static void fact_used(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_kstack k;

	if (stack_of(s, ask, &k, ret))
		number(ret, k.used);
}

static void fact_left(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_kstack k;

	if (stack_of(s, ask, &k, ret))
		number(ret, k.left);
}

static void fact_high(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_kstack k;

	if (stack_of(s, ask, &k, ret))
		number(ret, k.high);
}

static void fact_size(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_kstack k;

	if (stack_of(s, ask, &k, ret))
		number(ret, k.size);
}

static void fact_kstack(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_kstack k;

	if (stack_of(s, ask, &k, ret))
		number(ret, k.base);
}

static void fact_trampled(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_kstack k;
	size_t n = 0;

	(void)ask;
	for (unsigned i = 0; i < sim_task_count(s); i++) {
		if (!sim_kstack_get(s, i, &k) || (k.magic_ok && k.info_ok))
			continue;
		n += (size_t)snprintf(ret->text + n, sizeof(ret->text) - n, "%s%s", n ? " " : "", sim_comm(s, i));
		if (n >= sizeof(ret->text))
			break;
	}
	ret->known = true;
	if (!n)
		word(ret, "none");
}

static void fact_lowest(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	(void)ask;
	number(ret, sim_lowest_left(s));
}

static void fact_kernelstack(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	(void)ask;
	number(ret, sim_kernelstack(s));
}

static void fact_cached(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	(void)ask;
	number(ret, sim_cached_stacks(s));
}

/* ---- tasks and where they are ---- */

static void fact_runs(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	(void)ask;
	word(ret, sim_comm(s, sim_current_task(s)));
}

static void fact_current(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	int n = sim_current_found(s);

	(void)ask;
	word(ret, n < 0 ? "wild" : sim_comm(s, (unsigned)n));
}

static void fact_state(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	char text[2] = { ask->task < 0 ? 'X' : sim_task_state(s, (unsigned)ask->task), '\0' };

	word(ret, text);
}

static void fact_sp(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	const char *on;

	(void)ask;
	number(ret, sim_stack_pointer(s, &on));
}

static void fact_on(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	const char *on = "";

	(void)ask;
	sim_stack_pointer(s, &on);
	word(ret, on);
}

static void fact_stopped(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	(void)ask;
	word(ret, sim_stopped(s) ? "yes" : "no");
}

static bool in_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
	       c == '#';
}

/* Its words, without what stands around them. A log can be long: the word that is expected
 * comes first where it is there. */
static void fact_log(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	size_t n = 0, len = ask->word ? strlen(ask->word) : 0;

	(void)s;
	ret->known = true;
	for (const char *c = ask->log; len && (c = strstr(c, ask->word)); c++)
		if ((c == ask->log || !in_word(c[-1])) && !in_word(c[len])) {
			word(ret, ask->word);
			return;
		}
	for (const char *c = ask->log; *c && n + 1 < sizeof(ret->text); c++)
		ret->text[n++] = in_word(*c) ? *c : ' ';
	ret->text[n] = '\0';
	if (!n)
		word(ret, "none");
}

/* ---- physical memory ---- */

static void free_blocks(const struct sim *s, unsigned order, struct fact_answer *ret)
{
	number(ret, sim_free_blocks(s, order));
}

#define FREE_FACT(n)									\
	static void fact_free##n(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret) \
	{										\
		(void)ask;								\
		free_blocks(s, n, ret);							\
	}
FREE_FACT(0)
FREE_FACT(1)
FREE_FACT(2)
FREE_FACT(3)
FREE_FACT(4)
FREE_FACT(5)
FREE_FACT(6)
FREE_FACT(7)
FREE_FACT(8)
FREE_FACT(9)
FREE_FACT(10)

static void fact_free(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	(void)ask;
	number(ret, sim_frame_free(s));
}

static void fact_largest(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	(void)ask;
	for (unsigned o = 11; o-- > 0;)
		if (sim_free_blocks(s, o)) {
			number(ret, o);
			return;
		}
	snprintf(ret->text, sizeof(ret->text), "nothing is free");
}

#define TYPE_FACT(name, type)									\
	static void fact_##name(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret) \
	{											\
		(void)ask;									\
		number(ret, sim_pageblocks(s, type));						\
	}
TYPE_FACT(unmovable, 0)
TYPE_FACT(movable, 1)
TYPE_FACT(reclaimable, 2)

#define MARK_FACT(name, which)									\
	static void fact_##name(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret) \
	{											\
		(void)ask;									\
		number(ret, sim_watermark(s, which));						\
	}
MARK_FACT(wmin, 0)
MARK_FACT(wlow, 1)
MARK_FACT(whigh, 2)

static bool stack_size(const struct fact_ask *ask, struct fact_answer *ret)
{
	bool is = ask->addr == 4096 || ask->addr == 8192 || ask->addr == 16384 || ask->addr == 32768;

	if (!is)
		snprintf(ret->text, sizeof(ret->text), "a kernel stack has 4K, 8K, 16K or 32K");
	return is;
}

static void fact_stacks(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	if (stack_size(ask, ret))
		number(ret, sim_stacks_possible(s, ask->addr));
}

static void fact_room(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	if (stack_size(ask, ret))
		number(ret, sim_stack_room(s, ask->addr));
}

static void fact_mapcount(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_page p;

	sim_page_get(s, ask->proc, ask->addr, &p);
	number(ret, p.present ? p.mapcount : 0);
}

/* ---- what /proc says of mappings ---- */

static bool mapping_at(const struct sim *s, const struct fact_ask *ask, struct sim_vma *v, struct fact_answer *ret)
{
	if (sim_vma_find(s, ask->proc, ask->addr, v) && v->start <= ask->addr)
		return true;
	snprintf(ret->text, sizeof(ret->text), "nothing is mapped there");
	return false;
}

typedef void flags_fn(const struct sim *s, const struct sim_vma *vma, struct buf *ret);

static void flags_at(const struct sim *s, const struct fact_ask *ask, flags_fn *names, struct fact_answer *ret)
{
	struct buf flags = BUF_INIT;
	struct sim_mm mm;
	struct sim_vma v;

	if (!mapping_at(s, ask, &v, ret))
		return;
	sim_mm_get(s, ask->proc, &mm);
	if (!mm.has_flags) {
		snprintf(ret->text, sizeof(ret->text), "smaps has no VmFlags in this kernel");
		return;
	}
	names(s, &v, &flags);
	word(ret, buf_str(&flags));
	buf_free(&flags);
}

static void fact_flag(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	flags_at(s, ask, sim_vma_flags_text, ret);
}

static void fact_noflag(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	flags_at(s, ask, sim_vma_flags_missing, ret);
}

static void fact_label(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_vma v;

	if (!mapping_at(s, ask, &v, ret))
		return;
	word(ret, v.name ? v.name : "none");
	if (v.stack_tid)
		snprintf(ret->text, sizeof(ret->text), "[stack:%u]", v.stack_tid);
}

static void fact_chain(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	struct sim_vma v;

	if (mapping_at(s, ask, &v, ret))
		number(ret, v.anon_chain);
}

/* Of what not every kernel tells, what this one does, or does not. */
static void told(const struct sim *s, const struct fact_ask *ask, bool shown, struct fact_answer *ret)
{
	struct sim_mm mm;

	sim_mm_get(s, ask->proc, &mm);
	ret->known = true;
	snprintf(ret->text, sizeof(ret->text), "%s %s %s", mm.has_flags == shown ? "VmFlags" : "",
		 mm.has_rss == shown ? "RssAnon RssFile RssShmem" : "", mm.has_pmd == shown ? "VmPMD" : "");
}

static void fact_shows(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	told(s, ask, true, ret);
}

static void fact_hides(const struct sim *s, const struct fact_ask *ask, struct fact_answer *ret)
{
	told(s, ask, false, ret);
}

#define FREE_ROW(n) { "free" #n, "free blocks of order " #n, FACT_ALONE, false, fact_free##n, true }

const struct fact facts[] = {
	{ "used", "bytes of a kernel stack in use, from sp to the top", FACT_OF_TASK, false, fact_used, false },
	{ "left", "bytes never written, as stack_not_used() counts them", FACT_OF_TASK, false, fact_left, false },
	{ "high", "bytes from the lowest word ever written to the top", FACT_OF_TASK, false, fact_high, false },
	{ "size", "bytes of a kernel stack", FACT_OF_TASK, false, fact_size, false },
	{ "kstack", "address of the lowest byte of a kernel stack", FACT_OF_TASK, false, fact_kstack, false },
	{ "trampled", "tasks whose end magic or thread_info was overwritten, or none", FACT_ALONE, true,
	  fact_trampled, false },
	{ "lowest", "least room any kernel stack had left when its task ended", FACT_ALONE, false, fact_lowest, false },
	{ "kernelstack", "bytes of all kernel stacks, as KernelStack counts them", FACT_ALONE, false,
	  fact_kernelstack, false },
	{ "cached", "stacks of the dead that are kept for the next task", FACT_ALONE, false, fact_cached, false },
	{ "runs", "the task that runs", FACT_ALONE, true, fact_runs, false },
	{ "current", "the task the kernel takes for the current one, or wild", FACT_ALONE, true, fact_current, false },
	{ "state", "R, S or X", FACT_OF_TASK, true, fact_state, false },
	{ "sp", "the stack pointer", FACT_ALONE, false, fact_sp, false },
	{ "on", "the stack that sp is on: user, task, or a CPU's by name", FACT_ALONE, true, fact_on, false },
	{ "stopped", "yes after a panic, else no", FACT_ALONE, true, fact_stopped, false },
	{ "log", "a word of what the kernel printed during the last operation, or none", FACT_ALONE, true, fact_log, false },
	{ "free", "free frames", FACT_ALONE, false, fact_free, true },
	FREE_ROW(0), FREE_ROW(1), FREE_ROW(2), FREE_ROW(3), FREE_ROW(4), FREE_ROW(5), FREE_ROW(6), FREE_ROW(7),
	FREE_ROW(8), FREE_ROW(9), FREE_ROW(10),
	{ "largest", "order of the largest free block", FACT_ALONE, false, fact_largest, true },
	{ "unmovable", "pageblocks of this migrate type", FACT_ALONE, false, fact_unmovable, true },
	{ "movable", "pageblocks of this migrate type", FACT_ALONE, false, fact_movable, true },
	{ "reclaimable", "pageblocks of this migrate type", FACT_ALONE, false, fact_reclaimable, true },
	{ "wmin", "the zone's min watermark, frames", FACT_ALONE, false, fact_wmin, true },
	{ "wlow", "the zone's low watermark, frames", FACT_ALONE, false, fact_wlow, true },
	{ "whigh", "the zone's high watermark, frames", FACT_ALONE, false, fact_whigh, true },
	{ "stacks", "kernel stacks of so many bytes that free memory has room for", FACT_AT_ADDRESS, false, fact_stacks, true },
	{ "room", "bytes that calls may take on such a stack, in a system call", FACT_AT_ADDRESS, false, fact_room, false },
	{ "mapcount", "how often the frame at an address is mapped, 0: none there", FACT_AT_ADDRESS, false,
	  fact_mapcount, false },
	{ "flag", "a flag of the mapping at an address, as VmFlags has it", FACT_AT_ADDRESS, true, fact_flag, false },
	{ "noflag", "a flag that this mapping has not", FACT_AT_ADDRESS, true, fact_noflag, false },
	{ "label", "name of the mapping at an address, as smaps has it, or none", FACT_AT_ADDRESS, true, fact_label, false },
	{ "chain", "length of the anon_vma chain of the mapping at an address", FACT_AT_ADDRESS, false, fact_chain, false },
	{ "shows", "of VmFlags, RssAnon, RssFile, RssShmem, VmPMD one that /proc has", FACT_ALONE, true, fact_shows, false },
	{ "hides", "one of these that /proc of this kernel has not", FACT_ALONE, true, fact_hides, false },
	{ NULL, NULL, FACT_ALONE, false, NULL, false },
};

int fact_find(const char *name, size_t n)
{
	for (int i = 0; facts[i].name; i++)
		if (strlen(facts[i].name) == n && !memcmp(facts[i].name, name, n))
			return i;
	return -1;
}
