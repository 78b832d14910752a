/* SPDX-License-Identifier: GPL-2.0-or-later
 * Bytes from one thread to another.
 */
#include <config.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "src/live/feed.h"

/* Of a slot with less room than this the kernel's next piece would be cut. */
enum { PIECE = 4096 };
enum { STACK = 256 << 10 };

static void *run(void *arg)
{
	struct feed *f = arg;

	f->take(f->arg);
	return NULL;
}

/* Signals are for the thread that was there before; and what this one allocates outlives
 * it, so it must not have a heap of its own. */
static bool start_thread(struct feed *f)
{
	pthread_attr_t attr;
	sigset_t all, was;
	bool ok;

#ifdef M_ARENA_MAX
	mallopt(M_ARENA_MAX, 1);
#endif
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	ok = !pthread_create(&f->thread, &attr, run, f);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return ok;
}

bool feed_start(struct feed *f, void (*take)(void *arg), void *arg)
{
	*f = (struct feed){ .take = take, .arg = arg };
	f->slots = mmap(NULL, FEED_SLOTS * FEED_SLOT, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->slots == MAP_FAILED)
		return false;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->news, NULL);
	if (start_thread(f))
		return true;
	munmap(f->slots, FEED_SLOTS * FEED_SLOT);
	return false;
}

static char *slot(const struct feed *f, unsigned i)
{
	return f->slots + (size_t)(i % FEED_SLOTS) * FEED_SLOT;
}

static void pass_slot(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	f->size[f->in++ % FEED_SLOTS] = f->put;
	pthread_mutex_unlock(&f->lock);
	pthread_cond_signal(&f->news);
	f->put = 0;
}

char *feed_room(struct feed *f, size_t *ret_n)
{
	pthread_mutex_lock(&f->lock);
	while (f->in - f->out == FEED_SLOTS)
		pthread_cond_wait(&f->news, &f->lock);
	pthread_mutex_unlock(&f->lock);
	*ret_n = FEED_SLOT - f->put;
	return slot(f, f->in) + f->put;
}

void feed_put(struct feed *f, size_t n)
{
	f->put += n;
	if (f->put > FEED_SLOT - PIECE)
		pass_slot(f);
}

void feed_end(struct feed *f, int errnum)
{
	if (f->put)
		pass_slot(f);
	pthread_mutex_lock(&f->lock);
	f->ended = true;
	f->errnum = errnum;
	pthread_mutex_unlock(&f->lock);
	pthread_cond_signal(&f->news);
	pthread_join(f->thread, NULL);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->news);
	munmap(f->slots, FEED_SLOTS * FEED_SLOT);
}

size_t feed_take(struct feed *f, char *buf, size_t n, int *ret_errnum)
{
	size_t size;
	bool end;

	pthread_mutex_lock(&f->lock);
	while (f->in == f->out && !f->ended)
		pthread_cond_wait(&f->news, &f->lock);
	end = f->in == f->out;
	size = f->size[f->out % FEED_SLOTS];
	pthread_mutex_unlock(&f->lock);
	if (end) {
		*ret_errnum = f->errnum;
		return 0;
	}
	n = size - f->taken < n ? size - f->taken : n;
	memcpy(buf, slot(f, f->out) + f->taken, n);
	f->taken += n;
	if (f->taken < size)
		return n;
	f->taken = 0;
	pthread_mutex_lock(&f->lock);
	f->out++;
	pthread_mutex_unlock(&f->lock);
	pthread_cond_signal(&f->news);
	return n;
}
