/* SPDX-License-Identifier: GPL-2.0-or-later
 * The small text files of /proc/PID.
 */
#include <config.h>
#include <elf.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/live/stat_parse.h"

struct cursor {
	const char *p, *end;
};

static void skip_blanks(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
		c->p++;
}

/* A decimal number; saturates. A minus sign gives the two's complement. */
static bool number(struct cursor *c, uint64_t *ret)
{
	bool minus = false;
	uint64_t v = 0;

	skip_blanks(c);
	if (c->p < c->end && *c->p == '-') {
		minus = true;
		c->p++;
	}
	if (c->p == c->end || *c->p < '0' || *c->p > '9')
		return false;
	while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
		unsigned d = (unsigned)(*c->p++ - '0');

		v = v > (UINT64_MAX - d) / 10 ? UINT64_MAX : v * 10 + d;
	}
	*ret = minus ? 0 - v : v;
	return true;
}

static bool hex_number(struct cursor *c, uint64_t *ret)
{
	uint64_t v = 0;
	int digits = 0;

	skip_blanks(c);
	if (c->end - c->p < 3 || c->p[0] != '0' || c->p[1] != 'x')
		return false;
	for (c->p += 2; c->p < c->end; c->p++, digits++) {
		char ch = *c->p;
		unsigned d;

		if (ch >= '0' && ch <= '9')
			d = (unsigned)(ch - '0');
		else if (ch >= 'a' && ch <= 'f')
			d = (unsigned)(ch - 'a' + 10);
		else
			break;
		v = v << 4 | d;
	}
	*ret = v;
	return digits > 0 && digits <= 16;
}

/* Fields of stat by their number in proc(5). */
enum { STAT_FIRST_AFTER_COMM = 3, STAT_LAST = 52 };

static const struct {
	uint8_t field;
	uint16_t at;
} stat_fields[] = {
#define FIELD(nr, member) { nr, (uint16_t)offsetof(struct stat_figures, member) }
	FIELD(9, flags), FIELD(10, minflt), FIELD(12, majflt), FIELD(14, utime),
	FIELD(15, stime), FIELD(20, threads), FIELD(22, starttime), FIELD(26, start_code),
	FIELD(27, end_code), FIELD(28, start_stack), FIELD(45, start_data), FIELD(46, end_data),
	FIELD(47, start_brk), FIELD(48, arg_start), FIELD(49, arg_end), FIELD(50, env_start),
	FIELD(51, env_end), FIELD(52, exit_code),
#undef FIELD
};

bool stat_parse(const char *text, size_t n, struct stat_figures *ret)
{
	struct stat_figures s = { .pid = 0 };
	uint64_t v, field[STAT_LAST + 1];
	struct cursor c = { text, text + n };
	const char *open, *close;
	size_t len;

	if (!number(&c, &v) || v > INT32_MAX)
		return false;
	s.pid = (pid_t)v;
	open = memchr(c.p, '(', (size_t)(c.end - c.p));
	close = memrchr(c.p, ')', (size_t)(c.end - c.p));
	if (!open || !close || close < open)
		return false;
	len = (size_t)(close - open - 1);
	if (len >= sizeof(s.comm))
		len = sizeof(s.comm) - 1;
	memcpy(s.comm, open + 1, len);
	c.p = close + 1;
	skip_blanks(&c);
	if (c.p == c.end)
		return false;
	s.state = *c.p++;
	if ((s.state | 0x20) < 'a' || (s.state | 0x20) > 'z' || !number(&c, &v) || v > INT32_MAX)
		return false;
	s.ppid = (pid_t)v;
	for (int i = 0; i <= STAT_LAST; i++)
		field[i] = UNKNOWN;
	for (int i = STAT_FIRST_AFTER_COMM + 2; i <= STAT_LAST && number(&c, &v); i++)
		field[i] = v;
	for (size_t i = 0; i < ARRAY_LEN(stat_fields); i++)
		memcpy((char *)&s + stat_fields[i].at, &field[stat_fields[i].field], sizeof(v));
	*ret = s;
	return true;
}

static const struct {
	const char *key;
	uint8_t field;
} status_lines[] = {
	{ "VmSize", MM_VM_SIZE }, { "VmRSS", MM_VM_RSS }, { "RssAnon", MM_RSS_ANON },
	{ "RssFile", MM_RSS_FILE }, { "RssShmem", MM_RSS_SHMEM }, { "VmData", MM_VM_DATA },
	{ "VmStk", MM_VM_STACK }, { "VmExe", MM_VM_EXE }, { "VmLib", MM_VM_LIB },
	{ "VmPTE", MM_VM_PTE }, { "VmSwap", MM_VM_SWAP }, { "VmLck", MM_VM_LOCKED },
};

static uint64_t kilobytes(uint64_t v)
{
	return v > UINT64_MAX / 1024 ? UNKNOWN : v * 1024;
}

static bool key_is(const char *key, size_t n, const char *want)
{
	return strlen(want) == n && !memcmp(key, want, n);
}

static void status_nspid(struct cursor c, struct status_figures *s)
{
	uint64_t v;

	while (number(&c, &v) && v <= INT32_MAX) {
		s->pid_inside = (pid_t)v;
		s->ns_depth++;
	}
}

bool status_parse(const char *text, size_t n, struct status_figures *ret)
{
	struct status_figures s = { .uid = (uid_t)-1, .threads = UNKNOWN };
	const char *p = text, *end = text + n;
	uint64_t v;

	for (int i = 0; i < MM_NR; i++)
		s.mm[i] = UNKNOWN;
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		const char *colon;
		struct cursor c;

		if (!eol)
			break;	/* cut off: its number may be, too */
		colon = memchr(p, ':', (size_t)(eol - p));
		if (colon) {
			size_t len = (size_t)(colon - p);

			c = (struct cursor){ colon + 1, eol };
			if (key_is(p, len, "NSpid"))
				status_nspid(c, &s);
			else if (number(&c, &v)) {
				if (key_is(p, len, "Tgid") && v <= INT32_MAX)
					s.tgid = (pid_t)v;
				else if (key_is(p, len, "Uid"))	/* real, then effective */
					s.uid = number(&c, &v) ? (uid_t)v : s.uid;
				else if (key_is(p, len, "Threads"))
					s.threads = v;
				for (size_t i = 0; i < ARRAY_LEN(status_lines); i++)
					if (key_is(p, len, status_lines[i].key)) {
						s.mm[status_lines[i].field] = kilobytes(v);
						s.has_mm = true;
					}
			}
		}
		p = eol + 1;
	}
	if (!s.tgid)
		return false;
	*ret = s;
	return true;
}

bool statm_parse(const char *text, size_t n, struct statm_figures *ret)
{
	struct cursor c = { text, text + n };
	uint64_t v[6];

	for (int i = 0; i < 6; i++) {
		if (!number(&c, &v[i]) || v[i] > UINT64_MAX >> PAGE_SHIFT)
			return false;
		v[i] <<= PAGE_SHIFT;
	}
	*ret = (struct statm_figures){ .size = v[0], .resident = v[1], .shared = v[2],
				       .text = v[3], .data = v[5] };
	return true;
}

bool limits_parse(const char *text, size_t n, uint64_t ret[LIMIT_NR])
{
	static const char *const names[LIMIT_NR] = {
		[LIMIT_STACK] = "Max stack size ", [LIMIT_AS] = "Max address space ",
		[LIMIT_DATA] = "Max data size ", [LIMIT_MEMLOCK] = "Max locked memory ",
	};
	const char *p = text, *end = text + n, *eol;
	bool any = false;

	for (int i = 0; i < LIMIT_NR; i++)
		ret[i] = UNKNOWN;
	for (; p < end && (eol = memchr(p, '\n', (size_t)(end - p))); p = eol + 1) {
		for (int i = 0; i < LIMIT_NR; i++) {
			size_t len = strlen(names[i]);
			struct cursor c = { p + len, eol };
			uint64_t v;

			if ((size_t)(eol - p) <= len || memcmp(p, names[i], len))
				continue;
			skip_blanks(&c);
			if (eol - c.p >= 9 && !memcmp(c.p, "unlimited", 9))
				v = UNLIMITED;
			else if (!number(&c, &v))
				continue;
			ret[i] = v;
			any = true;
		}
	}
	return any;
}

/* The entry at `at`, and how long it is. Where the first type would be a large number, half of it
 * is a value: the entries are those of a program of 32 bits. */
static size_t auxv_entry(const char *auxv, size_t n, size_t at, Elf64_auxv_t *ret)
{
	uint32_t half[2];
	uint64_t first;

	if (n < sizeof(first))
		return 0;
	memcpy(&first, auxv, sizeof(first));
	if (first <= UINT32_MAX && at + sizeof(*ret) <= n) {
		memcpy(ret, auxv + at, sizeof(*ret));
		return sizeof(*ret);
	}
	if (first <= UINT32_MAX || at + sizeof(half) > n)
		return 0;
	memcpy(half, auxv + at, sizeof(half));
	*ret = (Elf64_auxv_t){ .a_type = half[0], .a_un.a_val = half[1] };
	return sizeof(half);
}

uint64_t auxv_block_end(const void *auxv, size_t n, uint64_t start_stack)
{
	uint64_t lowest = 0;
	Elf64_auxv_t a;
	size_t size;

	for (size_t at = 0; (size = auxv_entry(auxv, n, at, &a)); at += size) {
		uint64_t v;

		if (a.a_type == AT_NULL)
			break;
		/* The kernel lays these strings right above the block. */
		if (a.a_type != AT_RANDOM && a.a_type != AT_PLATFORM && a.a_type != AT_EXECFN)
			continue;
		v = a.a_un.a_val & ~15ull;
		if (v > start_stack && (!lowest || v < lowest))
			lowest = v;
	}
	return start_stack == UNKNOWN ? 0 : lowest;
}

bool syscall_parse(const char *text, size_t n, struct syscall_figures *ret)
{
	struct syscall_figures s = { .nr = SYSCALL_NONE };
	struct cursor c = { text, text + n };
	uint64_t nr;

	if (n >= 7 && !memcmp(text, "running", 7)) {
		*ret = (struct syscall_figures){ .running = true, .nr = SYSCALL_NONE,
						 .sp = UNKNOWN, .pc = UNKNOWN };
		return true;
	}
	if (!number(&c, &nr))
		return false;
	if (nr <= INT32_MAX) {
		s.nr = (int32_t)nr;
		for (int i = 0; i < 6; i++)
			if (!hex_number(&c, &s.args[i]))
				return false;
	}
	if (!hex_number(&c, &s.sp) || !hex_number(&c, &s.pc))
		return false;
	*ret = s;
	return true;
}

bool schedstat_parse(const char *text, size_t n, struct schedstat_figures *ret)
{
	struct cursor c = { text, text + n };
	struct schedstat_figures s;

	if (!number(&c, &s.run_ns) || !number(&c, &s.wait_ns) || !number(&c, &s.slices))
		return false;
	*ret = s;
	return true;
}
