/* SPDX-License-Identifier: GPL-2.0-or-later
 * Holds JSON against a JSON Schema (draft-07, the part of it that we use). A keyword
 * this does not know is an error of the schema: nothing passes because it was ignored.
 */
#ifndef TESTS_JSON_SCHEMA_H
#define TESTS_JSON_SCHEMA_H
#include <jansson.h>
#include <stdbool.h>
#include "mmscope/buf.h"

/* True when every keyword in it is known and well formed; else `why` says what is not. */
bool schema_sound(const json_t *schema, struct buf *why);
/* True when `value` fits. A member that the schema does not name is an error, unless
 * additionalProperties says otherwise: our own output is to be described completely. */
bool schema_fits(const json_t *schema, const json_t *value, struct buf *why);

#endif
