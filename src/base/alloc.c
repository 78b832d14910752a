/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mmscope/alloc.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void (*failure_hook)(void);

void alloc_on_failure(void (*hook)(void))
{
	failure_hook = hook;
}

static void *checked(void *p)
{
	static const char message[] = "mmscope: out of memory\n";

	if (p)
		return p;
	if (failure_hook)
		failure_hook();
	/* stdio may want to allocate; write() does not. */
	if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
		_exit(1);
	_exit(1);
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1));
}

void *xcalloc(size_t n, size_t size)
{
	return checked(calloc(n ? n : 1, size ? size : 1));
}

void *xreallocarray(void *p, size_t n, size_t size)
{
	if (n == 0 || size == 0)
		n = size = 1;
	return checked(reallocarray(p, n, size));
}

/* Freeing a block makes malloc keep the next of its size on the heap, and the heap at that
 * size (mallopt(3), M_MMAP_THRESHOLD). */
void alloc_ahead(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *volatile block = malloc(bytes + 4 * page);	/* volatile: not to be left out */
	uintptr_t at;

	free(block);
	block = malloc(bytes);
	at = ((uintptr_t)block + page - 1) & ~(page - 1);
#ifdef MADV_POPULATE_WRITE
	if (block && bytes > page)
		madvise((void *)at, (bytes - page) & ~(page - 1), MADV_POPULATE_WRITE);
#endif
	free(block);
}

char *xstrdup(const char *s)
{
	return checked(strdup(s));
}

char *xstrndup(const char *s, size_t n)
{
	return checked(strndup(s, n));
}

char *xvasprintf(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		checked(NULL);
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvasprintf(fmt, ap);
	va_end(ap);
	return s;
}
