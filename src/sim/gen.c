/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/sim/gen.h"

#include <string.h>

#include "mmscope/alloc.h"

const char *const gen_profile_name[GEN_NPROFILES + 1] = {
	[GEN_STACK] = "stack",
	[GEN_VMA] = "vma",
	[GEN_FORK] = "fork",
	[GEN_BRK] = "brk",
	[GEN_MIXED] = "mixed",
	[GEN_KERNEL] = "kernel",
	[GEN_WILD] = "wild",
};

const enum gen_profile gen_real[GEN_NREAL] = { GEN_STACK, GEN_VMA, GEN_FORK, GEN_BRK, GEN_MIXED, GEN_WILD };

bool gen_profile_parse(const char *word, enum gen_profile *ret)
{
	int i;

	for (i = 0; i < GEN_NPROFILES; i++) {
		if (strcmp(word, gen_profile_name[i]) == 0) {
			*ret = (enum gen_profile)i;
			return true;
		}
	}
	return false;
}

enum { NAMES = 10 };

struct gen {
	uint64_t state;
	struct buf *out;
	unsigned pages[NAMES];		/* length asked for at the last mmap, 0: never */
	enum gen_profile profile;
};

/* ---- chance ----------------------------------------------------------------------------- */

static uint64_t next(struct gen *g)	/* splitmix64 */
{
	uint64_t z = g->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static unsigned below(struct gen *g, unsigned n)
{
	return (unsigned)((next(g) >> 32) * n >> 32);
}

static bool chance(struct gen *g, unsigned percent)
{
	return below(g, 100) < percent;
}

#define PICK(g, list) ((list)[below((g), ARRAY_LEN(list))])

static void say(struct gen *g, const char *s)
{
	buf_adds(g->out, s);
}

/* ---- places and lengths ----------------------------------------------------------------- */

static unsigned some_name(struct gen *g)
{
	unsigned i, n = below(g, NAMES);

	/* Mostly one that was bound. */
	if (chance(g, 2))
		return n;
	for (i = 0; i < NAMES && !g->pages[n]; i++)
		n = (n + 1) % NAMES;
	return n;
}

static unsigned small(struct gen *g)
{
	static const unsigned sizes[] = { 1, 1, 1, 2, 2, 3, 4, 4, 5, 8, 16, 17, 33 };

	return PICK(g, sizes);
}

static void named_place(struct gen *g, unsigned name, unsigned at)
{
	buf_addf(g->out, "%c", 'A' + name);
	if (at)
		buf_addf(g->out, "+%up", at);
}

static void odd(struct gen *g)
{
	if (chance(g, 3))
		buf_addf(g->out, "+%u", 1 + below(g, 4095));
}

static void odd_place(struct gen *g)
{
	static const char *const places[] = {
		"data",
		"bss",
		"heap",
		"heap.end",
		"stack",
		"stack.end-1p",
		"stack.end",
		"mmapbase-4p",
		"mmapbase",
		"sp",
		"0",
		"0x1000",
		"0x10000",
		"0x7fffffffe000",
		"0x800000000000",
		"0xffff800000000000",
		"0xffffffffffffff00",
		"0x200000000000",
		"text",
		"vdso",
		"vvar",
	};

	say(g, PICK(g, places));
	odd(g);
}

/* Somewhere in a region (or near one); returns how many pages are left there. */
static unsigned place(struct gen *g)
{
	unsigned n = some_name(g), len = g->pages[n] ? g->pages[n] : 4, at = below(g, len),
		 how = below(g, 100);

	if (g->profile == GEN_STACK && chance(g, 30)) {
		if (chance(g, 50))
			buf_addf(g->out, "stack-%up", 1 + below(g, 400));
		else
			buf_addf(g->out, "stack+%up", below(g, 33));
		odd(g);
		return 8;
	}
	if (g->profile == GEN_BRK && chance(g, 40)) {
		say(g, chance(g, 70) ? "heap+" : "heap.end-");
		buf_addf(g->out, "%up", below(g, 12));
		odd(g);
		return 4;
	}
	if (how < 45)
		at = 0;
	if (how < 82) {
		named_place(g, n, at);
		odd(g);
		return len - at;
	}
	if (how < 87) {
		buf_addf(g->out, "%c.end", 'A' + n);
		if (chance(g, 50))
			buf_addf(g->out, "-%up", 1 + below(g, len));
		return 2;
	}
	if (how < 92) {
		buf_addf(g->out, "%c-%up", 'A' + n, 1 + below(g, 8));
		return 4;
	}
	odd_place(g);
	return 4;
}

/* More than any address space has; nothing of that size can come to be. */
static const char *huge(struct gen *g)
{
	static const char *const sizes[] = {
		"128T", "0x8000000000000000", "0x7fffffffffffffff", "-2p", "-1p", "-1",
	};

	return PICK(g, sizes);
}

static void length(struct gen *g, unsigned left)
{
	unsigned how = below(g, 100), pages = left ? left : 1;

	if (chance(g, 1)) {
		buf_addf(g->out, " %s", huge(g));
		return;
	}
	if (how < 40)
		pages = left;
	else if (how < 75)
		pages = 1 + below(g, pages);
	else if (how < 92)
		pages = small(g);
	else if (how < 94)
		pages = 0;
	else
		pages = left + 1 + below(g, 20);
	buf_addf(g->out, " %up", pages);
	if (chance(g, 3)) {
		say(g, chance(g, 50) ? "+" : "-");
		buf_addf(g->out, "%u", 1 + below(g, 4095));
	}
}

/* ---- operations -------------------------------------------------------------------------- */

static const char *some_prot(struct gen *g)
{
	static const char *const prots[] = {
		"rw", "rw", "rw", "rw", "rw", "r", "r", "none", "none", "rx", "rwx", "w", "x",
	};

	return PICK(g, prots);
}

static void mmap_place(struct gen *g, const char *option)
{
	buf_addf(g->out, " %s ", option);
	if (chance(g, 35))
		buf_addf(g->out, "%c.end", 'A' + some_name(g));
	else if (chance(g, 25))
		buf_addf(g->out, "stack-%up", 1 + below(g, 700));
	else if (chance(g, 15))
		buf_addf(g->out, "0x2000000%02x000", below(g, 64));
	else if (chance(g, 15))
		buf_addf(g->out, "heap.end+%up", below(g, 8));
	else
		place(g);
}

static void gen_mmap(struct gen *g)
{
	static const unsigned sizes[] = { 1,  2,  3,  4,  4,  6,   8,	8,   16,
					  20, 32, 48, 64, 70, 512, 513, 1024 };
	static const char *const backings[] = {
		"anon", "anon", "anon", "anon", "anon", "anon", "file", "file", "rofile",
	};
	static const char *const extras[] = { "populate", "locked", "noreserve", "stack", "32bit" };
	unsigned n = below(g, NAMES), pages = PICK(g, sizes);
	const char *backing = PICK(g, backings);
	bool grows = chance(g, g->profile == GEN_STACK ? 30 : 4);

	g->pages[n] = pages;
	if (chance(g, 1))
		buf_addf(g->out, "mmap %c %s", 'A' + n, huge(g));
	else
		buf_addf(g->out, "mmap %c %up", 'A' + n, pages);
	if (chance(g, 3))
		buf_addf(g->out, "-%u", below(g, 4096));
	buf_addf(g->out, " %s", some_prot(g));
	say(g, chance(g, grows ? 4 : 25) ? " shared " : " private ");
	say(g, grows && chance(g, 95) ? "anon" : backing);
	if (backing[0] != 'a' && !grows && chance(g, 40)) {
		if (chance(g, 4))
			buf_addf(g->out, "@0x7ffffffffff%02x000", 0xe0 + below(g, 32));
		else
			buf_addf(g->out, "@%up", below(g, 64));
	}
	if (chance(g, 22))
		mmap_place(g, "fixed");
	else if (chance(g, 12))
		mmap_place(g, "hint");
	else if (chance(g, 5))
		mmap_place(g, "fixed_noreplace");
	if (grows)
		say(g, " growsdown");
	if (chance(g, 12))
		buf_addf(g->out, " %s", PICK(g, extras));
}

static void gen_range(struct gen *g, const char *word)
{
	buf_addf(g->out, "%s ", word);
	length(g, place(g));
}

static void gen_munmap(struct gen *g)
{
	gen_range(g, "munmap");
}

static void gen_mprotect(struct gen *g)
{
	gen_range(g, "mprotect");
	buf_addf(g->out, " %s", some_prot(g));
	if (chance(g, g->profile == GEN_STACK ? 8 : 2))
		say(g, " growsdown");
}

static void gen_mremap(struct gen *g)
{
	bool moves = chance(g, 70);
	unsigned left, to, n = some_name(g);

	say(g, "mremap ");
	if (chance(g, 60)) {
		named_place(g, n, 0);
		left = g->pages[n];
	} else {
		left = place(g);
	}
	length(g, left);
	to = chance(g, 40) ? left : chance(g, 50) ? left + small(g) : 1 + below(g, left ? left : 1);
	buf_addf(g->out, " %up", to);
	if (moves)
		say(g, " maymove");
	if (chance(g, 25))
		mmap_place(g, "fixed");
	if (chance(g, 10))
		say(g, " dontunmap");
	if (chance(g, 30)) {
		n = below(g, NAMES);
		g->pages[n] = to;
		buf_addf(g->out, " as %c", 'A' + n);
	}
}

static void gen_brk(struct gen *g)
{
	unsigned how = below(g, 100);

	if (how < 45)
		buf_addf(g->out, "brk +%up", small(g));
	else if (how < 65)
		buf_addf(g->out, "brk -%up", small(g));
	else if (how < 80)
		buf_addf(g->out, "brk heap+%up", below(g, 40));
	else if (how < 88 && chance(g, 60))
		buf_addf(g->out, "brk +%u", below(g, 20000));
	else if (how < 88)
		buf_addf(g->out, "brk -%u", below(g, 20000));
	else if (how < 92)
		say(g, "brk 0");
	else if (how < 96)
		say(g, "brk heap");
	else
		buf_addf(g->out, "brk %c", 'A' + some_name(g));
}

static void gen_madvise(struct gen *g)
{
	static const char *const advices[] = {
		"dontneed",
		"dontneed",
		"dontneed",
		"dontneed",
		"free",
		"free",
		"willneed",
		"normal",
		"random",
		"sequential",
		"populate_read",
		"populate_read",
		"populate_write",
		"populate_write",
		"dontfork",
		"dofork",
		"wipeonfork",
		"keeponfork",
		"dontdump",
		"dodump",
		"hugepage",
		"nohugepage",
		"dontneed_locked",
		"guard_install",
		"guard_install",
		"guard_remove",
		"mergeable",
		"unmergeable",
		"77",
	};

	gen_range(g, "madvise");
	buf_addf(g->out, " %s", PICK(g, advices));
}

static void gen_mlock(struct gen *g)
{
	gen_range(g, "mlock");
	if (chance(g, 20))
		say(g, " onfault");
}

static void gen_munlock(struct gen *g)
{
	gen_range(g, "munlock");
}

static void gen_mlockall(struct gen *g)
{
	static const char *const words[] = {
		" current",	   " future", " current future", " current onfault",
		" future onfault", "",	      " onfault",
	};

	buf_addf(g->out, "mlockall%s", PICK(g, words));
}

static void gen_munlockall(struct gen *g)
{
	say(g, "munlockall");
}

static void gen_msync(struct gen *g)
{
	gen_range(g, "msync");
	say(g, chance(g, 70) ? " async" : " invalidate");
}

static void gen_mseal(struct gen *g)
{
	gen_range(g, "mseal");
}

static const char *some_mode(struct gen *g)
{
	unsigned how = below(g, 100);

	return how < 50 ? "w" : how < 92 ? "r" : "x";
}

static void gen_touch(struct gen *g)
{
	unsigned left;

	say(g, "touch ");
	left = place(g);
	if (chance(g, 40))
		length(g, left > 128 ? 128 : left);
	buf_addf(g->out, " %s", some_mode(g));
}

static void gen_stack(struct gen *g)
{
	static const unsigned far[] = { 8, 64, 128, 200, 300, 1000, 2000, 4096, 8192, 9000 };

	unsigned kib = PICK(g, far);

	kib += below(g, 64);
	buf_addf(g->out, "stack %s -%uK", some_mode(g), kib);
	if (chance(g, 20))
		buf_addf(g->out, " %up", small(g));
}

static void gen_setrlimit(struct gen *g)
{
	static const char *const stack[] = { "64K", "132K", "300K",	 "1M",	  "2M",
					     "8M",  "16M",  "unlimited", "150000" };
	static const char *const as[] = {
		"unlimited", "unlimited", "1M", "4M", "16M", "64M", "600K"
	};
	static const char *const data[] = { "unlimited", "unlimited", "8K", "64K", "512K", "4M" };
	static const char *const memlock[] = { "0",  "16K", "64K", "1M",
					       "8M", "8M",  "16M", "unlimited" };
	unsigned how = below(g, 100), stacks = g->profile == GEN_STACK ? 55 : 25;

	if (how < stacks)
		buf_addf(g->out, "setrlimit stack %s", PICK(g, stack));
	else if (how < stacks + 15)
		buf_addf(g->out, "setrlimit as %s", PICK(g, as));
	else if (how < stacks + 30)
		buf_addf(g->out, "setrlimit data %s", PICK(g, data));
	else
		buf_addf(g->out, "setrlimit memlock %s", PICK(g, memlock));
}

static void gen_fork(struct gen *g)
{
	say(g, "fork");
}

static void gen_exit(struct gen *g)
{
	say(g, "exit");
}

static void gen_switch(struct gen *g)
{
	buf_addf(g->out, "switch P%u", below(g, chance(g, 80) ? 3 : 8));
}

static void gen_truncate(struct gen *g)
{
	buf_addf(g->out, "truncate file %up", below(g, 80));
	odd(g);
}

/* ---- everything with everything ---------------------------------------------------------- */

static void wild_mmap(struct gen *g)
{
	static const unsigned sizes[] = { 1, 2, 3, 4, 4, 5, 8, 8, 16, 20, 48, 64, 80, 511, 512, 513, 1536,
					  2048, 16384, 16385, 1 << 18, 5 << 18, 6171024 };
	static const char *const backings[] = { "anon", "anon", "anon", "file", "file", "rofile" };
	static const char *const offsets[] = { "@1", "@4p", "@16p", "@63p", "@64p", "@1T", "@-1p",
					       "@0x7ffffffffffff000" };
	static const char *const places[] = { "fixed", "fixed", "hint", "fixed_noreplace" };
	static const char *const options[] = { "growsdown", "populate", "locked", "noreserve", "stack", "32bit" };
	unsigned n = below(g, NAMES), i;
	const char *backing = PICK(g, backings);

	g->pages[n] = PICK(g, sizes);
	buf_addf(g->out, "mmap %c %up", 'A' + n, g->pages[n]);
	odd(g);
	buf_addf(g->out, " %s %s %s", some_prot(g), chance(g, 30) ? "shared" : "private", backing);
	if (*backing != 'a' && chance(g, 50))
		say(g, PICK(g, offsets));
	if (chance(g, 50))
		mmap_place(g, PICK(g, places));
	for (i = 0; i < ARRAY_LEN(options); i++)
		if (chance(g, 8))
			buf_addf(g->out, " %s", options[i]);
}

static void wild_mremap(struct gen *g)
{
	unsigned left, to, n;

	say(g, "mremap ");
	left = place(g);
	length(g, left);
	to = chance(g, 50) ? left : 1 + below(g, 2 * left + 8);
	buf_addf(g->out, " %up", to);
	if (chance(g, 75))
		say(g, " maymove");
	if (chance(g, 22))
		say(g, " dontunmap");
	if (chance(g, 40))
		mmap_place(g, "fixed");
	if (chance(g, 35)) {
		n = below(g, NAMES);
		g->pages[n] = to;
		buf_addf(g->out, " as %c", 'A' + n);
	}
}

static void wild_madvise(struct gen *g)
{
	static const char *const advices[] = { "remove", "remove", "remove", "willneed", "random", "sequential",
					       "5", "26", "104", "0x100000004", "4294967295" };

	if (chance(g, 60)) {
		gen_madvise(g);
		return;
	}
	gen_range(g, "madvise");
	buf_addf(g->out, " %s", PICK(g, advices));
}

static void wild_brk(struct gen *g)
{
	static const char *const ways[] = { "A-1p", "B-257p", "data", "bss", "heap-1", "heap.end+1", "heap+4095",
					    "+256p", "+512p", "+1G", "+24G", "-1", "heap+heap.len" };

	if (chance(g, 50))
		gen_brk(g);
	else
		buf_addf(g->out, "brk %s", PICK(g, ways));
}

static void wild_truncate(struct gen *g)
{
	static const char *const sizes[] = { "0", "1", "16p", "64p-1", "64p+1", "300p", "600p", "65M", "-1" };

	if (chance(g, 50))
		gen_truncate(g);
	else
		buf_addf(g->out, "truncate file %s", PICK(g, sizes));
}

/* ---- the kernel's side ------------------------------------------------------------------- */

static const char *some_task(struct gen *g)
{
	static const char *const tasks[] = { "T", "U", "V", "K", "L", "P0", "P0", "P1", "P2" };

	return PICK(g, tasks);
}

static const char *some_function(struct gen *g)
{
	static const char *const names[] = { "vfs_read", "do_poll", "schedule_timeout", "f", "g.part.0", "deep" };

	return PICK(g, names);
}

static unsigned some_bytes(struct gen *g)
{
	static const unsigned sizes[] = { 0, 4, 8, 16, 40, 100, 200, 400, 900, 1500, 3000, 5000, 9000 };

	return PICK(g, sizes) + (chance(g, 20) ? below(g, 64) : 0);
}

static void gen_thread(struct gen *g)
{
	static const char *const sizes[] = { "4K", "8K", "16K", "12K" };

	buf_addf(g->out, "thread %c stack %uK", 'T' + below(g, 3), 16 + 4 * below(g, 20));
	if (chance(g, 10))
		buf_addf(g->out, " kstack %s", PICK(g, sizes));
}

static void gen_kthread(struct gen *g)
{
	buf_addf(g->out, "kthread %c", 'K' + below(g, 2));
	if (chance(g, 10))
		say(g, chance(g, 50) ? " kstack 4K" : " kstack 16K");
}

static void gen_run(struct gen *g)
{
	buf_addf(g->out, "switch %s", some_task(g));
}

static void gen_call(struct gen *g)
{
	buf_addf(g->out, "call %s %u", some_function(g), some_bytes(g) * (chance(g, 10) ? 40 : 1));
	if (chance(g, 30))
		buf_addf(g->out, " args %u", below(g, 14));
}

static void gen_ret(struct gen *g)
{
	say(g, "ret");
}

static void gen_syscall(struct gen *g)
{
	buf_addf(g->out, "syscall %s", chance(g, 50) ? "read" : "futex");
}

static void gen_sysret(struct gen *g)
{
	say(g, "sysret");
}

static void gen_kcall(struct gen *g)
{
	buf_addf(g->out, "kcall %s %u", some_function(g), some_bytes(g));
}

static void gen_kret(struct gen *g)
{
	say(g, "kret");
}

static void gen_irq(struct gen *g)
{
	static const char *const what[] = {
		"irq eth0", "irq timer", "softirq", "softirq tasklet_action", "nmi", "exception page_fault",
		"exception debug", "exception int3", "exception machine_check", "exception sdei",
		"exception nothing",
	};

	say(g, chance(g, 2) ? "exception double_fault" : PICK(g, what));
}

static void gen_irqret(struct gen *g)
{
	say(g, "irqret");
}

static void gen_share(struct gen *g)
{
	buf_addf(g->out, "share %s %s", chance(g, 50) ? "kstack" : "ustack", some_task(g));
}

static void gen_sysrq(struct gen *g)
{
	say(g, "sysrq t");
}

static void gen_alloc(struct gen *g)
{
	static const char *const types[] = { "", "", " movable", " reclaimable" };

	buf_addf(g->out, "alloc %u as %c%s", below(g, chance(g, 10) ? 12 : 4), 'a' + below(g, 6), PICK(g, types));
}

static void gen_free(struct gen *g)
{
	buf_addf(g->out, "free %c", 'a' + below(g, 7));
}

static void gen_fragment(struct gen *g)
{
	buf_addf(g->out, "fragment as %c percent %u", 'a' + below(g, 7), below(g, 51));
	if (chance(g, 40))
		buf_addf(g->out, " keep %u", below(g, 4));
	if (chance(g, 50))
		say(g, " movable");
}

static void gen_exec(struct gen *g)
{
	buf_addf(g->out, "exec args %u", below(g, 9000));
}

static void gen_expect(struct gen *g)
{
	static const char *const what[] = { "used<9000", "trampled=none", "current=P0", "sp>0", "left:T>0", "log=none",
					    "mapcount:A=1", "flag:stack=gd", "noflag:A+1p=wr", "label:A=none",
					    "chain:data<2", "shows=VmFlags", "stacks:8K>0", "room:4K>0",
					    "free0>0", "largest=10", "unmovable>0" };

	buf_addf(g->out, "expect %s", PICK(g, what));
}

static const struct {
	void (*fn)(struct gen *g);
	unsigned char weight[GEN_NPROFILES];	/* stack vma fork brk mixed kernel wild */
} kinds[] = {
	{ wild_mmap, { [GEN_WILD] = 20 } },
	{ wild_mremap, { [GEN_WILD] = 10 } },
	{ wild_madvise, { [GEN_WILD] = 14 } },
	{ wild_brk, { [GEN_WILD] = 5 } },
	{ wild_truncate, { [GEN_WILD] = 2 } },
	{ gen_mmap, { 12, 24, 14, 10, 16, 3 } },
	{ gen_munmap, { 6, 11, 5, 5, 7, 1, 7 } },
	{ gen_mprotect, { 8, 18, 6, 7, 9, 0, 10 } },
	{ gen_mremap, { 3, 11, 4, 3, 7 } },
	{ gen_brk, { 1, 2, 2, 26, 5 } },
	{ gen_madvise, { 8, 10, 11, 5, 10, 2 } },
	{ gen_mlock, { 4, 4, 3, 3, 4, 0, 4 } },
	{ gen_munlock, { 2, 3, 1, 2, 2, 0, 2 } },
	{ gen_mlockall, { 1, 1, 1, 1, 1, 0, 1 } },
	{ gen_munlockall, { 1, 1, 1, 1, 1, 0, 1 } },
	{ gen_msync, { 0, 1, 1, 0, 1, 0, 1 } },
	{ gen_mseal, { 1, 1, 0, 0, 1, 0, 1 } },
	{ gen_touch, { 22, 20, 34, 24, 24, 4, 26 } },
	{ gen_stack, { 28, 1, 3, 2, 5, 2, 4 } },
	{ gen_setrlimit, { 8, 2, 1, 6, 3, 0, 4 } },
	{ gen_fork, { 2, 1, 9, 2, 3, 3, 4 } },
	{ gen_exit, { 1, 0, 5, 1, 2, 3, 3 } },
	{ gen_switch, { 1, 0, 9, 1, 2, 0, 4 } },
	{ gen_truncate, { 0, 1, 1, 0, 1, 0 } },
	{ gen_thread, { 0, 0, 0, 0, 0, 6 } },
	{ gen_kthread, { 0, 0, 0, 0, 0, 3 } },
	{ gen_run, { 0, 0, 0, 0, 0, 14 } },
	{ gen_call, { 0, 0, 0, 0, 0, 9 } },
	{ gen_ret, { 0, 0, 0, 0, 0, 7 } },
	{ gen_syscall, { 0, 0, 0, 0, 0, 12 } },
	{ gen_sysret, { 0, 0, 0, 0, 0, 6 } },
	{ gen_kcall, { 0, 0, 0, 0, 0, 14 } },
	{ gen_kret, { 0, 0, 0, 0, 0, 9 } },
	{ gen_irq, { 0, 0, 0, 0, 0, 12 } },
	{ gen_irqret, { 0, 0, 0, 0, 0, 12 } },
	{ gen_share, { 0, 0, 0, 0, 0, 3 } },
	{ gen_sysrq, { 0, 0, 0, 0, 0, 1 } },
	{ gen_alloc, { 0, 0, 0, 0, 0, 4 } },
	{ gen_free, { 0, 0, 0, 0, 0, 3 } },
	{ gen_fragment, { 0, 0, 0, 0, 0, 1 } },
	{ gen_exec, { 0, 0, 0, 0, 0, 1 } },
	{ gen_expect, { 0, 0, 0, 0, 0, 3 } },
};

static void gen_start(struct gen *g)
{
	static const char *const stacks[] = { "128K", "1M",	   "16M",   "256M",
					      "4G",   "unlimited", "100000" };

	if (chance(g, 8))
		buf_addf(g->out, "start stack %s\n", PICK(g, stacks));
	if (chance(g, 3))
		say(g, "start vdso keep\n");
	if (chance(g, 4))
		say(g, "start layout bottomup\n");
	if (chance(g, 3))
		say(g, "start memlock 64K\n");
	if (chance(g, 3))
		say(g, chance(g, 50) ? "start data 1M\n" : "start data 8K\n");
	if (chance(g, 3))
		say(g, "start as 32M\n");
	if (g->profile != GEN_KERNEL)
		return;
	if (chance(g, 30))
		say(g, chance(g, 50) ? "start kstack 4K\n" : "start kstack 8K\n");
	if (chance(g, 10))
		say(g, "cpus 3\n");
	say(g, "ram 64M\n");
}

void gen_scenario(enum gen_profile profile, uint64_t seed, unsigned ops, struct buf *ret)
{
	struct gen g = { .state = seed * 8 + (unsigned)profile, .out = ret, .profile = profile };
	unsigned total = 0, i, k, at;

	for (k = 0; k < ARRAY_LEN(kinds); k++)
		total += kinds[k].weight[profile];
	buf_addf(ret, "title Random %s scenario, seed %llu\n", gen_profile_name[profile],
		 (unsigned long long)seed);
	gen_start(&g);
	for (i = 0; i < ops; i++) {
		/* Some regions first, so that there is something to act on. */
		at = i < 3 ? 0 : below(&g, total);
		for (k = 0; at >= kinds[k].weight[profile]; k++)
			at -= kinds[k].weight[profile];
		kinds[k].fn(&g);
		buf_addc(ret, '\n');
	}
}
