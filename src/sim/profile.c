/* SPDX-License-Identifier: GPL-2.0-or-later
 * The kernel profiles and the rules they choose between.
 */
#include <string.h>
#include "profile.h"
#include "sim.h"

const struct sim_profile *const sim_profiles[] = {
	&profile_linux_6_18_x86_64,
	&profile_linux_7_2_x86_64,
	&profile_linux_6_16_x86_64,
	&profile_linux_6_12_x86_64,
	&profile_linux_6_1_x86_64,
	&profile_linux_5_10_x86_64,
	&profile_linux_6_18_arm64,
	&profile_linux_4_3_arm64,
	&profile_linux_3_10_x86_64,
	&profile_linux_2_6_39_i386,
	NULL
};

const struct sim_rule_info sim_rules[SIM_NRULES] = {
#define X(name, since, change) { #name, since, change },
	SIM_RULES(X)
#undef X
};

const struct sim_profile *sim_profile_at(size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!sim_profiles[i])
			return NULL;
	return sim_profiles[index];
}

const struct sim_profile *sim_profile_find(const char *name)
{
	for (size_t i = 0; sim_profiles[i]; i++)
		if (!strcmp(sim_profiles[i]->name, name))
			return sim_profiles[i];
	return NULL;
}

const char *sim_profile_name(const struct sim_profile *p)
{
	return p->name;
}

const char *sim_profile_machine(const struct sim_profile *p)
{
	return p->machine;
}

uint64_t sim_profile_ram(const struct sim_profile *p)
{
	return p->ram_pages;
}

uint64_t sim_profile_special_bytes(const struct sim_profile *p)
{
	return (p->vvar_pages + p->vvar_vclock_pages + p->vdso_pages) * SIM_PAGE;
}

bool sim_profile_proven(const struct sim_profile *p)
{
	return p->proof.proven;
}

const char *sim_profile_proof(const struct sim_profile *p)
{
	return p->proof.by;
}

uint64_t sim_profile_guard_gap(const struct sim_profile *p)
{
	return p->stack_guard_gap;
}

bool sim_profile_guard_inside(const struct sim_profile *p)
{
	return p->rule[SIM_RULE_has_guard] && !p->rule[SIM_RULE_guard_outside];
}

unsigned sim_profile_table_entries(const struct sim_profile *p)
{
	return p->table_entries;
}

const char *sim_profile_table_register(const struct sim_profile *p)
{
	return p->table_register ? p->table_register : "cr3";
}
