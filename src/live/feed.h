/* SPDX-License-Identifier: GPL-2.0-or-later
 * Bytes from one thread to another: while the kernel makes the text of the next VMAs,
 * those before are parsed on another CPU. They go in slots, for a lock and a waking at
 * each of the kernel's pieces would cost more than is won.
 */
#ifndef LIVE_FEED_H
#define LIVE_FEED_H
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { FEED_SLOTS = 4, FEED_SLOT = 64 << 10 };

struct feed {
	pthread_t thread;
	void (*take)(void *arg);
	void *arg;
	char *slots;
	size_t put, taken;		/* of the slot that each side is at */
	pthread_mutex_t lock;		/* for what follows */
	pthread_cond_t news;
	unsigned in, out;		/* slots put and taken */
	size_t size[FEED_SLOTS];
	bool ended;			/* no slot will follow, */
	int errnum;			/* for this reason */
};

/* Starts a thread that calls take(arg), which gets what is put. False: there can be none.
 * `f` is in use from the first on that take() does. */
bool feed_start(struct feed *f, void (*take)(void *arg), void *arg);
/* Where to put bytes next, and how many at most; waits for room. */
char *feed_room(struct feed *f, size_t *ret_n);
/* So many were put there. */
void feed_put(struct feed *f, size_t n);
/* That was all, for this reason; waits until take() is through. */
void feed_end(struct feed *f, int errnum);

/* Within take(): up to n bytes, waits for them; 0 at the end, with the reason. */
size_t feed_take(struct feed *f, char *buf, size_t n, int *ret_errnum);

#endif
