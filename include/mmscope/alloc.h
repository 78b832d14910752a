/* SPDX-License-Identifier: GPL-2.0-or-later
 * Allocation that cannot fail: when memory is out, the hook restores the terminal,
 * one clear line goes to standard error, and the program ends with status 1.
 * The simulated mm does not use this: there -ENOMEM is modelled behaviour.
 */
#ifndef MMSCOPE_ALLOC_H
#define MMSCOPE_ALLOC_H
#include <stdarg.h>
#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* That many bytes are soon wanted in small blocks: the kernel is asked for their pages in one
 * call, where touching them would be a fault each. A wish: without it all goes on, slower. */
void alloc_ahead(size_t bytes);

/* Called once before the message of an allocation failure; must not allocate. */
void alloc_on_failure(void (*hook)(void));

/* Room for one more element in a vector {p, n, cap}; doubles. */
#define VEC_GROW(p, n, cap)						\
	do {								\
		if ((n) == (cap)) {					\
			(cap) = (cap) ? 2 * (cap) : 16;			\
			(p) = xreallocarray((p), (cap), sizeof(*(p)));	\
		}							\
	} while (0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
