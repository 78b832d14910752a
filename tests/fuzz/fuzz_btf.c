/* SPDX-License-Identifier: GPL-2.0-or-later
 * Any bytes as BTF.
 */
#include <stdlib.h>

#include "src/live/klayout.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *missing = NULL;
	struct btf_field f;
	struct klayout l;
	struct btf b;

	if (klayout_parse(data, size, &l, &missing) ? !l.task_size || !l.tasks.type : !missing)
		abort();
	if (!btf_init(&b, data, size, NULL, 0))
		return 0;
	for (uint32_t id = 0; id <= b.n; id++) {
		btf_size(&b, id);
		btf_target(&b, id);
		if (btf_member(&b, id, "x", &f) && f.size > 1 << 30 && !f.type)
			abort();
		btf_variable(&b, id, "x", &f);
	}
	btf_deinit(&b);
	return 0;
}
