/* SPDX-License-Identifier: GPL-2.0-or-later
 * What doctor found, as a document of schema mmscope/1.
 */
#include "mmscope/output.h"

#include <sys/utsname.h>
#include <unistd.h>

#include "mmscope/doctor.h"
#include "src/session/json.h"

void out_json_doctor(FILE *out, const struct doctor *d, const struct utsname *u)
{
	struct json j;

	json_start(&j, out, true);
	json_object(&j, NULL);
	json_string(&j, "schema", "mmscope/1");
	json_string(&j, "type", "doctor");
	json_string(&j, "system", u->sysname);
	json_string(&j, "release", u->release);
	json_string(&j, "machine", u->machine);
	json_uint(&j, "user", geteuid());
	json_array(&j, "interfaces");
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_row *r = &d->rows[i];

		json_object(&j, NULL);
		json_string(&j, "name", r->name);
		json_string(&j, "works", doctor_answers[r->answer]);
		json_string(&j, "gives", r->gives);
		json_string(&j, "found", r->found);
		json_string(&j, "try", r->try_this);
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
	json_end(&j);
}
