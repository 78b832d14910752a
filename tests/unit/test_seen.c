/* SPDX-License-Identifier: GPL-2.0-or-later
 * Text known again by its blocks gives the layout that parsing all of it gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "mmscope/alloc.h"
#include "mmscope/buf.h"
#include "src/live/lines.h"
#include "src/live/maps.h"

enum { LINES = 600, CHANGES = 400 };

/* The lines of a file as it is now; a line is a mapping at `at`, unless it is a stray one. */
static struct { uint64_t at; unsigned perms, name; char stray; } lines[2 * LINES];
static size_t nlines;
static uint64_t seed = 1;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void write_line(struct buf *text, size_t i)
{
	char name[5001];

	memset(name, 'n', sizeof(name));
	name[lines[i].name] = '\0';
	if (lines[i].stray)
		buf_addf(text, "this is no mapping %c", lines[i].stray);
	else
		buf_addf(text, "%lx-%lx r%c-p 00000000 00:00 0 %s", (unsigned long)lines[i].at,
			 (unsigned long)lines[i].at + 0x1000, lines[i].perms ? 'w' : '-', name);
}

static int write_file(bool newline)
{
	struct buf text = BUF_INIT;
	int fd = memfd_create("maps", 0);

	for (size_t i = 0; i < nlines; i++) {
		write_line(&text, i);
		if (newline || i + 1 < nlines)
			buf_adds(&text, "\n");
	}
	assert_true(fd >= 0);
	assert_int_equal(write(fd, buf_str(&text), text.len), (ssize_t)text.len);
	buf_free(&text);
	return fd;
}

static void change(void)
{
	size_t i = pick((unsigned)nlines);

	switch (pick(nlines < LINES ? 3 : 7)) {
	case 0:	/* another mapping, which may lie where there is one already */
	case 1:
		memmove(lines + i + 1, lines + i, (nlines - i) * sizeof(*lines));
		if (pick(4))
			lines[i].at -= 0x2000;
		lines[i].perms = pick(2);
		nlines += nlines + 1 < ARRAY_LEN(lines);
		break;
	case 2:
		lines[i].perms ^= 1;
		break;
	case 3:
		lines[i].name = pick(9) ? pick(30) : pick(5000);
		break;
	case 4:
		lines[i].stray = pick(2) ? (char)('a' + pick(26)) : 0;
		break;
	default: {
		size_t n = pick(pick(9) ? 2 : 200) + 1;

		n = n < nlines - i ? n : nlines - i;
		memmove(lines + i, lines + i + n, (nlines - i - n) * sizeof(*lines));
		nlines -= n;
	}
	}
}

static void the_same_layout_either_way(void **state)
{
	char *buf = xmalloc(LINES_BUFFER);
	struct strings *s = strings_create();
	struct seen seen = { .n = 0 };
	struct layout *old = NULL;
	size_t known = 0;

	(void)state;
	nlines = LINES;
	for (size_t i = 0; i < LINES; i++)
		lines[i].at = 0x7f0000000000 + 0x10000 * i;
	for (int round = 0; round < CHANGES; round++) {
		int fd = write_file(pick(20) != 0);
		struct layout *now, *plain;

		assert_int_equal(maps_read(fd, buf, old, s, &seen, &now), 0);
		assert_int_equal(maps_read(fd, buf, NULL, s, NULL, &plain), 0);
		assert_true(layout_equal(now, plain));
		/* And once more as it is. */
		layout_put(old);
		assert_int_equal(maps_read(fd, buf, now, s, &seen, &old), 0);
		assert_ptr_equal(old, now);
		known += seen.nwas;
		layout_put(now);
		layout_put(plain);
		close(fd);
		for (unsigned n = pick(3); n; n--)
			change();
	}
	assert_true(!seen.key || known > CHANGES);
	layout_put(old);
	seen_free(&seen);
	strings_put(s);
	free(buf);
}

/* What is remembered of one layout says nothing of another. */
static void another_layout_is_parsed(void **state)
{
	char *buf = xmalloc(LINES_BUFFER);
	struct strings *s = strings_create();
	struct seen seen = { .n = 0 };
	struct layout *first, *again, *other, *now;
	int fd;

	(void)state;
	memset(lines, 0, sizeof(lines));
	nlines = 100;
	for (size_t i = 0; i < nlines; i++)
		lines[i].at = 0x10000 * (i + 1);
	fd = write_file(true);
	assert_int_equal(maps_read(fd, buf, NULL, s, &seen, &first), 0);
	assert_int_equal(maps_read(fd, buf, first, s, &seen, &again), 0);
	other = layout_copy(first);
	other->reading = 0;
	other->vmas[50].perms = VMA_EXEC;
	assert_int_equal(maps_read(fd, buf, other, s, &seen, &now), 0);
	assert_true(layout_equal(now, first));
	layout_put(now);
	/* A copy, whose roles may be others, is the same reading. */
	layout_put(other);
	assert_int_equal(maps_read(fd, buf, first, s, &seen, &now), 0);
	layout_put(now);
	other = layout_copy(first);
	assert_int_equal(maps_read(fd, buf, other, s, &seen, &now), 0);
	assert_ptr_equal(now, other);
	assert_true(!seen.key || seen.nwas > 0);
	layout_put(now);
	layout_put(other);
	layout_put(again);
	layout_put(first);
	close(fd);
	seen_free(&seen);
	strings_put(s);
	free(buf);
}

static void one_byte_makes_another_block(void **state)
{
	char text[SEEN_BYTES - 1];
	struct seen seen = { .n = 0 };

	(void)state;
	if (!seen_start(&seen, 0))
		skip();
	memset(text, 'x', sizeof(text));
	for (size_t n = 1; n < sizeof(text); n += 97) {
		const struct seen_block *b;

		seen_start(&seen, 0);
		seen_add(&seen, text, n, 0, 1);
		b = &seen.b[0];
		assert_true(seen_is(&seen, b, text));
		for (size_t i = 0; i < n; i += 1 + n / 50) {
			text[i] ^= 1;
			assert_false(seen_is(&seen, b, text));
			text[i] ^= 1;
		}
	}
	seen_free(&seen);
}

static void lines_are_held_and_given_again(void **state)
{
	char *text = xmalloc(3 * LINES_BUFFER), *buf = xmalloc(LINES_BUFFER);
	const char *line;
	struct lines in;
	size_t n;
	int fd = memfd_create("lines", 0);

	(void)state;
	memset(text, 'x', 3 * LINES_BUFFER);
	memcpy(text, "one\ntwo\n", 8);
	text[LINES_BUFFER] = '\n';
	assert_int_equal(write(fd, text, 3 * LINES_BUFFER), 3 * LINES_BUFFER);
	lines_start(&in, fd, buf);
	assert_true(lines_have(&in, 6));
	assert_int_equal(in.at, 6);
	assert_true(lines_next(&in, &line, &n));
	in.held = in.line;
	lines_back(&in);
	assert_true(lines_next(&in, &line, &n));
	assert_memory_equal(line, "one", 3);
	assert_true(lines_next(&in, &line, &n));
	assert_memory_equal(line, "two", 3);
	assert_memory_equal(buf + in.held, "one\n", 4);
	/* The next fills the buffer: nothing can be held beside it. */
	assert_true(lines_next(&in, &line, &n));
	assert_int_equal(n, LINES_BUFFER - 8);
	assert_int_equal(in.held, LINES_NONE);
	assert_true(lines_next(&in, &line, &n));
	assert_false(lines_next(&in, &line, &n));
	close(fd);
	free(buf);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_layout_either_way),
		cmocka_unit_test(another_layout_is_parsed),
		cmocka_unit_test(one_byte_makes_another_block),
		cmocka_unit_test(lines_are_held_and_given_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
