/* SPDX-License-Identifier: GPL-2.0-or-later
 * What holds in every document of mmscope/1 beyond its schema: each null has a reason,
 * VMAs are sorted and disjoint, the page codes add up to sizes and figures.
 */
#ifndef TESTS_DOCUMENT_H
#define TESTS_DOCUMENT_H
#include <jansson.h>
#include <stdbool.h>
#include "mmscope/buf.h"

bool document_holds(const json_t *doc, struct buf *why);

#endif
