/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ui/term/term_decode.h"

#include <string.h>
#include <time.h>

#include "mmscope/alloc.h"
#include "mmscope/keymap.h"
#include "mmscope/text.h"

#define COPY_MAX (74 * 1024)
#define DOUBLE_CLICK_MS 400

enum { MOTION = 32, MODIFIERS = 4 | 8 | 16 };

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

struct input decode_mouse(struct clicks *last, int button, int row, int col)
{
	static const int buttons[] = {
		[0] = MOUSE_LEFT, [1] = MOUSE_MIDDLE, [2] = MOUSE_RIGHT, [3] = 0,
		[64] = MOUSE_WHEEL_UP, [65] = MOUSE_WHEEL_DOWN,
	};
	struct input in = { .type = INPUT_MOUSE, .row = row, .col = col };
	uint64_t now;

	if (button < 0 || button & MOTION || row < 0 || col < 0)
		return (struct input){ 0 };
	button &= ~MODIFIERS;
	if (button >= (int)ARRAY_LEN(buttons) || !buttons[button])
		return (struct input){ 0 };
	in.button = buttons[button];
	if (in.button == MOUSE_LEFT) {
		now = now_ms();
		in.twice = last->row == row && last->col == col && now - last->ms <= DOUBLE_CLICK_MS;
		*last = (struct clicks){ in.twice ? -1 : row, col, now };
	}
	return in;
}

uint32_t decode_sequence(int intro, int number, int last)
{
	static const struct { char intro, last; int number; uint32_t key; } sequences[] = {
		/* intro 0: either; number -1: any, it is a modifier */
		{ 0, 'A', -1, KEY_UP_ }, { 0, 'B', -1, KEY_DOWN_ }, { 0, 'C', -1, KEY_RIGHT_ },
		{ 0, 'D', -1, KEY_LEFT_ }, { 0, 'H', -1, KEY_HOME_ }, { 0, 'F', -1, KEY_END_ },
		{ '[', 'Z', -1, KEY_BACKTAB }, { 'O', 'M', -1, KEY_ENTER_ },
		{ '[', '~', 1, KEY_HOME_ }, { '[', '~', 2, KEY_INSERT }, { '[', '~', 3, KEY_DELETE },
		{ '[', '~', 4, KEY_END_ }, { '[', '~', 5, KEY_PGUP }, { '[', '~', 6, KEY_PGDN },
		{ '[', '~', 7, KEY_HOME_ }, { '[', '~', 8, KEY_END_ },
	};

	for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
		if (sequences[i].last == last && (!sequences[i].intro || sequences[i].intro == intro) &&
		    (sequences[i].number < 0 || sequences[i].number == number))
			return sequences[i].key;
	return KEY_NONE;
}

uint32_t decode_name(const char *name)
{
	static const struct { const char *name; uint32_t key; } named[] = {
		{ "kUP", KEY_UP_ }, { "kDN", KEY_DOWN_ }, { "kLFT", KEY_LEFT_ }, { "kRIT", KEY_RIGHT_ },
		{ "kHOM", KEY_HOME_ }, { "kEND", KEY_END_ }, { "kPRV", KEY_PGUP }, { "kNXT", KEY_PGDN },
		{ "kDC", KEY_DELETE }, { "kIC", KEY_INSERT },
	};

	for (size_t i = 0; name && i < ARRAY_LEN(named); i++)
		if (!strncmp(name, named[i].name, strlen(named[i].name)))
			return named[i].key;
	return KEY_NONE;
}

void decode_copy(struct buf *out, const char *utf8)
{
	static const size_t most = (COPY_MAX - 16) / 4 * 3;
	struct buf text = BUF_INIT;
	size_t n;

	while (*utf8 && text.len < most) {
		n = strcspn(utf8, "\n\t");
		text_sanitize(&text, utf8, n, 0);
		utf8 += n;
		if (*utf8)
			buf_addc(&text, *utf8++);
	}
	n = text.len < most ? text.len : most;
	while (n < text.len && n > 0 && ((unsigned char)text.data[n] & 0xc0) == 0x80)
		n--;		/* not within a character */
	buf_adds(out, "\033]52;c;");
	text_base64(out, buf_str(&text), n);
	buf_adds(out, "\a");
	buf_free(&text);
}
