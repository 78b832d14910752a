/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/knames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"

struct ksymbol {
	uint64_t address;
	uint32_t name;		/* into knames.symbols */
};

void knames_init(struct knames *k)
{
	*k = (struct knames){ .strings = strings_create() };
}

void knames_deinit(struct knames *k)
{
	strings_put(k->strings);
	free(k->name);
	free(k->symbols);
	free(k->symbol);
	*k = (struct knames){ 0 };
}

static bool hex(const char **p, const char *end, uint64_t *ret)
{
	uint64_t v = 0;
	int digits = 0;

	for (; *p < end && digits <= 16; (*p)++, digits++) {
		char c = **p;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	*ret = v;
	return digits > 0 && digits <= 16;
}

static bool skip(const char **p, const char *end, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(end - *p) < n || memcmp(*p, word, n))
		return false;
	*p += n;
	return true;
}

static bool one_line(const char *p, const char *end, struct kname_line *ret)
{
	uint64_t address;

	if (!skip(&p, end, "[<") || !hex(&p, end, &address) || !skip(&p, end, ">] "))
		return false;
	return kname_parse(p, (size_t)(end - p), ret);
}

bool kname_parse(const char *p, size_t n, struct kname_line *ret)
{
	const char *end = p + n, *plus;

	plus = memchr(p, '+', (size_t)(end - p));
	ret->name = p;
	if (!plus)
		return false;
	ret->n = (size_t)(plus - p);
	p = plus + 1;
	return ret->n && skip(&p, end, "0x") && hex(&p, end, &ret->offset) &&
	       skip(&p, end, "/0x") && hex(&p, end, &ret->size) && ret->offset <= ret->size;
}

int kname_lines(const char *text, size_t n, struct kname_line ret[KNAME_LINES])
{
	const char *end = text + n;
	int lines = 0;

	while (text < end && lines < KNAME_LINES) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));

		if (!eol)
			eol = end;
		if (!one_line(text, eol, &ret[lines]))
			return -1;
		lines++;
		text = eol + 1;
	}
	return lines;
}

/* The byte before a return address belongs to the call, even where nothing comes after. */
static size_t place_of(const struct knames *k, uint64_t return_address)
{
	size_t lo = 0, hi = k->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (k->name[mid].end < return_address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static const char *symbol_of(const struct knames *k, uint64_t return_address)
{
	size_t lo = 0, hi = k->nsymbols;
	uint64_t at;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (k->symbol[mid].address < return_address)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return NULL;
	at = k->symbol[--lo].address;
	while (lo && k->symbol[lo - 1].address == at)	/* the kernel prints the first alias */
		lo--;
	return k->symbols + k->symbol[lo].name;
}

struct kname *knames_bounds(struct knames *k, uint64_t return_address)
{
	size_t i = place_of(k, return_address);

	return i < k->n && k->name[i].start < return_address ? &k->name[i] : NULL;
}

const char *knames_find(const struct knames *k, uint64_t return_address)
{
	const struct kname *name = knames_bounds((struct knames *)k, return_address);

	if (name)
		return name->name;
	return k->nsymbols ? symbol_of(k, return_address) : NULL;
}

bool knames_learn(struct knames *k, const struct kname_line *line, size_t n,
		  const uint64_t *address)
{
	for (size_t i = 0; i < n; i++) {
		const char *known = knames_find(k, address[i]);

		if (line[i].offset > address[i] || !line[i].offset ||
		    (known && (strncmp(known, line[i].name, line[i].n) || known[line[i].n])))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		uint64_t start = address[i] - line[i].offset;
		size_t at;

		if (knames_find(k, address[i]))
			continue;
		at = place_of(k, address[i]);
		VEC_GROW(k->name, k->n, k->cap);
		memmove(&k->name[at + 1], &k->name[at], (k->n - at) * sizeof(*k->name));
		k->name[at] = (struct kname){
			.start = start,
			.end = start + line[i].size,
			.name = strings_add(k->strings, line[i].name, line[i].n),
		};
		k->n++;
	}
	return true;
}

/* All of a file; *n bytes and a NUL. NULL: not readable. */
static char *slurp(const char *path, size_t *n)
{
	size_t cap = 1 << 23, have = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text;
	ssize_t got;

	if (fd < 0)
		return NULL;
	text = xmalloc(cap);
	while ((got = read(fd, text + have, cap - have - 1)) > 0 || (got < 0 && errno == EINTR)) {
		if (got > 0)
			have += (size_t)got;
		if (cap - have < 1 << 16)
			text = xreallocarray(text, cap *= 2, 1);
	}
	close(fd);
	text[have] = '\0';
	*n = have;
	return text;
}

static int by_address(const void *a, const void *b)
{
	const struct ksymbol *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

/* "ffffffff81000000 T name\t[module]": functions only. */
static bool symbol_line(char *line, char *eol, uint64_t *address, char **name)
{
	const char *p = line;

	if (!hex(&p, eol, address) || eol - p < 4 || !strchr("tTwW", p[1]))
		return false;
	*name = line + (p - line) + 3;
	(*name)[strcspn(*name, " \t\n")] = '\0';
	return true;
}

bool knames_load(struct knames *k, const char *path)
{
	size_t n = 0, cap = 0;
	bool sorted = true;
	char *at, *eol;

	if (k->symbols_tried)
		return !k->symbols_hidden;
	k->symbols_tried = k->symbols_hidden = true;
	if (!knames_addresses_shown(path))
		return false;
	k->symbols = slurp(path, &n);
	for (at = k->symbols; at && (eol = memchr(at, '\n', (size_t)(k->symbols + n - at)));
	     at = eol + 1) {
		uint64_t address;
		char *name;

		*eol = '\0';
		if (!symbol_line(at, eol, &address, &name) || !address)
			continue;
		VEC_GROW(k->symbol, k->nsymbols, cap);
		sorted &= !k->nsymbols || k->symbol[k->nsymbols - 1].address <= address;
		k->symbol[k->nsymbols++] =
			(struct ksymbol){ address, (uint32_t)(name - k->symbols) };
	}
	if (!sorted)
		qsort(k->symbol, k->nsymbols, sizeof(*k->symbol), by_address);
	k->symbols_hidden = !k->nsymbols;
	return !k->symbols_hidden;
}

/* Some addresses are 0 by right; none but 0 in the first lines means they are hidden. */
bool knames_addresses_shown(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, text, sizeof(text));
	close(fd);
	for (const char *at = text; n > 0 && at < text + n;) {
		const char *eol = memchr(at, '\n', (size_t)(text + n - at));
		uint64_t address;

		if (hex(&at, text + n, &address) && address)
			return true;
		if (!eol)
			break;
		at = eol + 1;
	}
	return false;
}
