/* SPDX-License-Identifier: GPL-2.0-or-later
 * Lines of a file of any length through a small buffer. The kernel gives maps and
 * smaps in pieces of at most 4 KiB, so nothing is gained by a larger one.
 */
#ifndef LIVE_LINES_H
#define LIVE_LINES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct feed;

/* A line of maps has one path: one that goes on beyond this never ends. */
enum { LINES_BUFFER = 32768, LINES_LONGEST = 1 << 20 };
#define LINES_NONE SIZE_MAX

struct lines {
	int fd;
	int errnum;		/* what ended it, 0: the end of the file; EFBIG: a line that does not end */
	off_t at;		/* bytes read so far */
	size_t line, from, to;	/* in buf: the last line given, what is ahead, and its end */
	size_t held;		/* text from here on stays in buf; LINES_NONE: none, or it was too much */
	bool cut;		/* the rest of a line that was too long is being skipped */
	char *buf;		/* LINES_BUFFER bytes, the caller's */
	size_t unended;		/* bytes read since the last newline */
	struct feed *feed;	/* NULL: it is read when it is needed */
};

void lines_start(struct lines *l, int fd, char *buf);
/* Calls take(arg), which takes the lines. When the file is long it does so in a thread of
 * its own, beside this one, which reads. */
void lines_run(struct lines *l, void (*take)(void *arg), void *arg);
/* The next line without its newline; an unterminated last line is one too. A line
 * longer than the buffer is given cut off. False at the end. */
bool lines_next(struct lines *l, const char **ret_line, size_t *ret_n);
/* Are n bytes ahead, n at most half the buffer? Reads no further than that. */
bool lines_have(struct lines *l, size_t n);
/* The line given last is to be given again. */
void lines_back(struct lines *l);
/* What is in the buffer already, *ret_n bytes; and that n bytes of it are read. */
static inline const char *lines_ahead(const struct lines *l, size_t *ret_n)
{
	*ret_n = l->cut ? 0 : l->to - l->from;
	return l->buf + l->from;
}
static inline void lines_skip(struct lines *l, size_t n)
{
	l->from += n;
}

#endif
