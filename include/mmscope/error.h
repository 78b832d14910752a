/* SPDX-License-Identifier: GPL-2.0-or-later
 * Errors as values, for everything below the ui.
 *
 * A fallible function returns `struct error *`; NULL is success. The caller owns
 * what it gets and ends it with error_destroy(), or hands it on. On failure the
 * out-parameters (always last, named `ret`) are untouched. A pid that vanished is
 * ordinary news (ERR_NO_PROCESS, ERR_ENDED), not a reason to end the program.
 * Only main.c and the status line print errors.
 */
#ifndef MMSCOPE_ERROR_H
#define MMSCOPE_ERROR_H

/* The values are the program's exit statuses. */
enum error_code {
	ERR_FAILURE = 1,
	ERR_USAGE = 2,		/* bad command line, or a file that cannot be understood */
	ERR_NO_PROCESS = 3,
	ERR_PERMISSION = 4,
	ERR_ENDED = 5,		/* the target ended before or between samples */
};

struct error {
	enum error_code code;
	int errnum;		/* errno, or 0 */
	char *message;		/* one sentence, already sanitised, no newline at the end */
};

struct error *error_create(enum error_code code, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* The message gets ": <strerror(errnum)>" appended. */
struct error *error_os(enum error_code code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* FILE:LINE:COLUMN: message; code ERR_USAGE. column counts from 1, 0 leaves it out. */
struct error *error_at(const char *file, unsigned line, unsigned column, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void error_destroy(struct error *err);		/* NULL is fine */

#endif
