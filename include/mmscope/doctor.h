/* SPDX-License-Identifier: GPL-2.0-or-later
 * What this machine, kernel and user allow: each interface the live source stands on is
 * tried on this very process, so the answer is what happened and not what should.
 */
#ifndef MMSCOPE_DOCTOR_H
#define MMSCOPE_DOCTOR_H
#include <stddef.h>

enum doctor_answer { DOCTOR_YES, DOCTOR_PARTLY, DOCTOR_NO };

extern const char *const doctor_answers[];	/* "yes" ... by enum doctor_answer */

struct doctor_row {
	const char *name;		/* the interface */
	const char *gives;		/* what it is good for */
	enum doctor_answer answer;
	char *found;			/* what happened; owned, sanitised, "" when there is nothing to add */
	const char *try_this;		/* what would make it work; "" when nothing is wanting */
};
struct doctor {
	size_t n;
	struct doctor_row *rows;	/* owned */
};

/* The caller ends it with doctor_free(). */
struct doctor doctor_examine(const char *proc_root);
void doctor_free(struct doctor *d);

#endif
