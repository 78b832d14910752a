/* SPDX-License-Identifier: GPL-2.0-or-later
 * The simulator against what other kernels said (see tests/oracle/record).
 *
 *	recorded --check FIXTURE...			digests; the first wrong record of each is named
 *	recorded --profile P [--drop FLAG] --digest DIR SCENARIO...	makes a FIXTURE
 *	recorded --profile P [--drop FLAG] --compare DIR SCENARIO...	tells differences
 *
 * A fixture: "profile NAME", "kernel TEXT", "ram PAGES", "drop FLAG" (a VmFlag that is not
 * compared), then "scenario NAME DIGEST..." with a digest for each record. NAME is a file of
 * src/sim/scenarios or gen-PROFILE-SEED, a random scenario of 60 operations. Compared is
 * everything but VmPeak, words for people, and facts of the machine in record 0.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mmscope/alloc.h"
#include "src/sim/check.h"
#include "src/sim/gen.h"

struct setting {
	char *profile, *drop;
	uint64_t ram_pages;
};

/* ---- what is compared ------------------------------------------------------------------ */

static const char *const not_compared[] = {
	"line", "predicted", "fault", "names", "kernel", "proof", "machine", "thp", "ram_pages",
	"overcommit_memory", "max_map_count", "mmap_min_addr", "format",
};

/* The flags without `drop`. */
static void drop_flag(json_t *vma, const char *drop)
{
	const char *flags = json_string_value(json_object_get(vma, "flags"));
	struct buf kept = BUF_INIT;
	char *copy, *save = NULL;

	if (!flags || !drop)
		return;
	copy = xstrdup(flags);
	for (char *f = strtok_r(copy, " ", &save); f; f = strtok_r(NULL, " ", &save))
		if (strcmp(f, drop))
			buf_addf(&kept, "%s%s", kept.len ? " " : "", f);
	/* Not json_string(): the program has one of its own. */
	json_object_set_new(vma, "flags", json_pack("s", buf_str(&kept)));
	free(copy);
	buf_free(&kept);
}

/* One record in the form in which records are compared; NULL: it is no record. */
static json_t *normal(const char *line, size_t n, const char *drop)
{
	json_t *r = json_loadb(line, n, 0, NULL), *vma;
	size_t i;

	if (!r)
		return NULL;
	for (i = 0; i < ARRAY_LEN(not_compared); i++)
		json_object_del(r, not_compared[i]);
	json_object_del(json_object_get(r, "mm"), "VmPeak");
	json_array_foreach(json_object_get(r, "vmas"), i, vma) {
		json_object_del(vma, "at");
		/* The vdso's pages are everybody's: how many share them is the machine's affair. */
		if (!strcmp(json_string_value(json_object_get(vma, "kind")), "special"))
			json_object_del(vma, "Pss");
		drop_flag(vma, drop);
	}
	return r;
}

static uint32_t digest(const json_t *r)
{
	char *text = json_dumps(r, JSON_SORT_KEYS | JSON_COMPACT);
	uint32_t h = 2166136261u;

	for (const char *c = text; c && *c; c++)
		h = (h ^ (unsigned char)*c) * 16777619u;
	free(text);
	return h;
}

/* ---- the simulator ---------------------------------------------------------------------- */

static char *scenario_text(const char *name)
{
	char *path, *text;
	struct buf b = BUF_INIT;
	enum gen_profile profile;
	char word[16], chunk[4096];
	unsigned long long seed;
	size_t n;
	FILE *f;

	if (sscanf(name, "gen-%15[a-z]-%llu", word, &seed) == 2 && gen_profile_parse(word, &profile)) {
		gen_scenario(profile, seed, 60, &b);
		return buf_take(&b);
	}
	path = strchr(name, '/') ? xstrdup(name) :
	       xasprintf("%s/src/sim/scenarios/%s", getenv("srcdir") ? getenv("srcdir") : ".", name);
	f = fopen(path, "re");
	if (!f) {
		perror(path);
		exit(1);
	}
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	free(path);
	text = buf_take(&b);
	return text;
}

typedef bool (*record_fn)(void *ctx, const char *line, size_t n);	/* false: enough */

static struct error *play_records(const char *name, const struct setting *set, record_fn fn, void *ctx)
{
	char *text = scenario_text(name);
	struct buf line = BUF_INIT;
	struct record rec = { 0 };
	struct scenario *sc = NULL;
	struct play *p = NULL;
	struct sim_options o;
	struct world *w;
	struct error *err = scenario_parse(name, text, strlen(text), &sc);
	bool more = true;

	if (!err) {
		check_options_of(sc, sim_profile_find(set->profile), NULL, &o);
		if (!sc->has_ram && set->ram_pages)
			o.ram_pages = set->ram_pages;
		err = world_sim_open(&o, &w);
	}
	if (!err)
		err = play_open(sc, &o, w, &p, &rec);
	for (size_t i = 0; !err && more; i++) {
		buf_reset(&line);
		record_json(p, &rec, &line);
		more = fn(ctx, line.data, line.len);
		while (i < sc->nitems && sc->item[i].kind != ITEM_OP)
			i++;
		if (i >= sc->nitems)
			break;
		err = play_step(p, &sc->item[i], &rec);
	}
	play_close(p);
	record_free(&rec);
	scenario_destroy(sc);
	buf_free(&line);
	free(text);
	return err;
}

/* ---- a recording in full ---------------------------------------------------------------- */

struct recording { char *text; const char *at; };

static bool recording_open(const char *dir, const char *scenario, struct recording *r)
{
	const char *base = strrchr(scenario, '/') ? strrchr(scenario, '/') + 1 : scenario;
	char *path = xasprintf("%s/%.*s.ndjson", dir, (int)strcspn(base, "."), base);
	struct buf b = BUF_INIT;
	char chunk[16384];
	size_t n;
	FILE *f = fopen(path, "re");

	free(path);
	if (!f)
		return false;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	r->text = buf_take(&b);
	r->at = r->text;
	return true;
}

static json_t *recording_next(struct recording *r, const char *drop)
{
	size_t n = strcspn(r->at, "\n");
	json_t *rec = normal(r->at, n, drop);

	r->at += n + (r->at[n] == '\n');
	return rec;
}

static void tell(const char *where, const json_t *sim, const json_t *kernel)
{
	char *a = sim ? json_dumps(sim, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY) : xstrdup("-");
	char *b = kernel ? json_dumps(kernel, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY) :
			   xstrdup("-");

	printf("    %s: %s | %s\n", where, a, b);
	free(a);
	free(b);
}

static void tell_vmas(const json_t *sim, const json_t *kernel)
{
	size_t n = json_array_size(sim), m = json_array_size(kernel);

	for (size_t i = 0, k = 0; i < n || k < m;) {
		const json_t *a = json_array_get(sim, i), *b = json_array_get(kernel, k);
		const char *x = json_string_value(json_object_get(a, "start"));
		const char *y = json_string_value(json_object_get(b, "start"));
		uint64_t s = x ? strtoull(x, NULL, 16) : UINT64_MAX;
		uint64_t t = y ? strtoull(y, NULL, 16) : UINT64_MAX;

		if (s == t && !json_equal(a, b))
			tell("vma", a, b);
		else if (s < t)
			tell("vma", a, NULL);
		else if (s > t)
			tell("vma", NULL, b);
		i += s <= t;
		k += t <= s;
	}
}

static void tell_all(json_t *sim, const json_t *kernel)
{
	const char *key;
	json_t *v;

	json_object_foreach(sim, key, v) {
		const json_t *w = json_object_get(kernel, key);

		if (json_equal(v, w))
			continue;
		if (!strcmp(key, "vmas"))
			tell_vmas(v, w);
		else
			tell(key, v, w);
	}
	json_object_foreach((json_t *)kernel, key, v)
		if (!json_object_get(sim, key))
			tell(key, NULL, v);
}

struct comparing {
	struct recording rec;
	const struct setting *set;
	const char *name;
	unsigned at, records;
	bool differs;
};

static bool compare_one(void *ctx, const char *line, size_t n)
{
	struct comparing *c = ctx;
	json_t *sim = normal(line, n, c->set->drop), *kernel = recording_next(&c->rec, c->set->drop);

	c->differs = !json_equal(sim, kernel);
	if (c->differs) {
		const char *op = json_string_value(json_object_get(sim, "op"));

		printf("%s: record %u: %s (simulator | kernel)\n", c->name, c->at, op ? op : "?");
		tell_all(sim, kernel);
	}
	c->records++;
	c->at++;
	json_decref(sim);
	json_decref(kernel);
	return !c->differs;
}

/* RAM, as the machine had it: in record 0. */
static uint64_t ram_of(const struct recording *r)
{
	json_t *first = json_loadb(r->text, strcspn(r->text, "\n"), 0, NULL);
	uint64_t ram = (uint64_t)json_integer_value(json_object_get(first, "ram_pages"));

	json_decref(first);
	return ram;
}

static int compare_all(struct setting *set, const char *dir, char **scenario)
{
	unsigned n = 0, bad = 0, records = 0;

	for (; *scenario; scenario++) {
		struct comparing c = { .set = set, .name = *scenario };
		struct error *err;

		if (!recording_open(dir, *scenario, &c.rec))
			continue;
		set->ram_pages = ram_of(&c.rec);
		err = play_records(*scenario, set, compare_one, &c);
		if (err)
			printf("%s: %s\n", *scenario, err->message);
		bad += c.differs || err;
		error_destroy(err);
		free(c.rec.text);
		records += c.records;
		n++;
	}
	printf("%s: %u scenarios, %u records compared, %u scenarios with a difference\n",
	       set->profile, n, records, bad);
	return bad || !n;
}

/* ---- fixtures ------------------------------------------------------------------------------ */

static int make_fixture(struct setting *set, const char *dir, char **scenario)
{
	char uname[256] = "";
	char *path = xasprintf("%s/uname", dir);
	FILE *f = fopen(path, "re");
	bool first = true;

	if (!f || !fgets(uname, sizeof(uname), f))
		snprintf(uname, sizeof(uname), "unknown\n");
	if (f)
		fclose(f);
	free(path);
	for (; *scenario; scenario++) {
		struct recording r;
		const char *base = strrchr(*scenario, '/') ? strrchr(*scenario, '/') + 1 : *scenario;
		bool random = !strncmp(base, "gen-", 4);

		if (!recording_open(dir, *scenario, &r))
			continue;
		if (first) {
			printf("# tests/oracle/recorded --digest\nprofile %s\nkernel %sram %llu\n",
			       set->profile, uname, (unsigned long long)ram_of(&r));
			if (set->drop)
				printf("drop %s\n", set->drop);
			first = false;
		}
		printf("scenario %.*s", random ? (int)strcspn(base, ".") : (int)strlen(base), base);
		while (*r.at) {
			json_t *rec = recording_next(&r, set->drop);

			printf(" %08x", digest(rec));
			json_decref(rec);
		}
		printf("\n");
		free(r.text);
	}
	return first;
}

struct checking {
	const struct setting *set;
	const char *name;
	char *next;			/* digests of the records to come */
	unsigned at;
	bool differs;
};

static bool check_one(void *ctx, const char *line, size_t n)
{
	struct checking *c = ctx;
	json_t *rec = normal(line, n, c->set->drop);
	char *end;
	uint32_t want = (uint32_t)strtoul(c->next, &end, 16);

	c->differs = end == c->next || digest(rec) != want;
	if (c->differs)
		printf("    %s %s: record %u: %s: not as the kernel said\n", c->set->profile, c->name,
		       c->at, json_string_value(json_object_get(rec, "op")));
	c->next = end;
	c->at++;
	json_decref(rec);
	return !c->differs;
}

/* A line of a fixture, without its newline. False: a difference. */
static bool check_line(char *line, struct setting *set, unsigned *scenarios, unsigned *records)
{
	char *word = strtok(line, " "), *rest = strtok(NULL, "");
	struct checking c = { .set = set };
	struct error *err;

	if (!word || *word == '#' || !rest)
		return true;
	if (!strcmp(word, "profile")) {
		free(set->profile);
		set->profile = xstrdup(rest);
	} else if (!strcmp(word, "drop")) {
		free(set->drop);
		set->drop = xstrdup(rest);
	} else if (!strcmp(word, "ram")) {
		set->ram_pages = strtoull(rest, NULL, 10);
	} else if (!strcmp(word, "scenario")) {
		c.name = strtok(rest, " ");
		c.next = strtok(NULL, "");
		err = play_records(c.name, set, check_one, &c);
		if (!err && !c.differs && c.next[strspn(c.next, " ")])
			c.differs = printf("    %s %s: too few records\n", set->profile, c.name) > 0;
		if (err)
			printf("    %s: %s\n", c.name, err->message);
		c.differs |= err != NULL;
		error_destroy(err);
		++*scenarios;
		*records += c.at;
	}
	return !c.differs;
}

static bool check_fixture(const char *path, unsigned number)
{
	struct setting set = { 0 };
	unsigned scenarios = 0, records = 0, bad = 0;
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(path, "re");

	if (!f) {
		perror(path);
		return false;
	}
	while (getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		bad += !check_line(line, &set, &scenarios, &records);
	}
	printf("%s %u - %s: %u scenarios, %u records, %u scenarios with a difference\n",
	       bad || !scenarios ? "not ok" : "ok", number, set.profile ? set.profile : path, scenarios,
	       records, bad);
	fclose(f);
	free(line);
	free(set.profile);
	free(set.drop);
	return !bad && scenarios;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "profile", required_argument, NULL, 'p' }, { "drop", required_argument, NULL, 'd' },
		{ "digest", required_argument, NULL, 'D' },  { "compare", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, 'k' },	     { NULL, 0, NULL, 0 },
	};
	struct setting set = { 0 };
	const char *dir = NULL;
	int c, how = 0, status = 0;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'p': set.profile = xstrdup(optarg); break;
		case 'd': set.drop = xstrdup(optarg); break;
		case 'D': case 'c': how = c; dir = optarg; break;
		case 'k': how = c; break;
		default: return 2;
		}
	}
	if (!how || optind == argc || (how != 'k' && !set.profile)) {
		fprintf(stderr, "usage: see the head of tests/oracle/recorded.c\n");
		return 2;
	}
	if (how == 'k')
		printf("1..%d\n", argc - optind);
	for (int i = optind; how == 'k' && i < argc; i++)
		status |= !check_fixture(argv[i], (unsigned)(i - optind + 1));
	if (how == 'D')
		status = make_fixture(&set, dir, argv + optind);
	if (how == 'c')
		status = compare_all(&set, dir, argv + optind);
	free(set.profile);
	free(set.drop);
	return status;
}
