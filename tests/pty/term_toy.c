/* SPDX-License-Identifier: GPL-2.0-or-later
 * A program around term.h and nothing else: shows a picture, tells what it read, and
 * does on a key what programs do when they end badly. Driven by test_term.
 */
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmscope/alloc.h"
#include "mmscope/keymap.h"
#include "mmscope/term.h"

struct toy {
	struct term *term;
	struct theme *theme;
	struct canvas *canvas;
	struct buf said;
	int frame, noise;
	bool hidden, quit;
};

static void draw(struct toy *t)
{
	struct canvas *c = t->canvas;
	int rows, cols;

	term_size(t->term, &rows, &cols);
	canvas_resize(c, rows, cols);
	canvas_putf(c, 0, 0, STYLE(TITLE), "toy %dx%d depth %d", rows, cols, term_depth(t->term));
	canvas_put(c, 1, 0, STYLE(TEXT), buf_str(&t->said));
	canvas_box(c, (struct rect){ 2, 0, 4, 12 }, STYLE(BORDER));
	canvas_put(c, 3, 1, STYLE(VMA_HEAP), "heap 漢 → é");
	canvas_put(c, 4, 1, style_attr(STYLE(SELECT), ATTR_BOLD), "selected");
	canvas_putf(c, 6, 0, style_heat(STYLE(VMA_STACK), t->frame & 1 ? 4 : 0), "frame %d", t->frame);
	for (int row = 7; t->noise && row < rows; row++)
		for (int col = 0; col < cols; col++) {
			unsigned n = (unsigned)(row * 7919 + col / 9 + t->noise) * 2654435761u >> 16;

			canvas_ch(c, row, col, (struct style){ .role = (uint16_t)(n % THEME_ROLE_NR) },
				  "#.+ox"[n % 5]);
		}
	if (!t->hidden)
		canvas_cursor(c, 4, 3);
	term_show(t->term, c, t->theme);
}

static volatile unsigned deepest = 1u << 31;

static unsigned overflow_stack(unsigned depth)
{
	volatile char page[4096];

	page[depth & 4095] = (char)depth;
	return depth < deepest ? overflow_stack(depth + 1) + (unsigned)page[depth & 4095] : depth;
}

static void crash(uint32_t key)
{
	int *volatile nowhere = (int *)8;

	switch (key) {
	case 'S':
		*nowhere = 1;
		break;
	case 'V':
		deepest += overflow_stack(0);
		break;
	case 'A':
		abort();
	case 'M':
		xmalloc(SIZE_MAX / 2);
		break;
	case 'X':
		exit(7);
	case '_':
		_exit(8);
	}
}

static void copy_much(struct toy *t)
{
	struct buf b = BUF_INIT;

	for (int i = 0; i < 40000; i++)
		buf_adds(&b, "é\033");
	term_copy(t->term, buf_str(&b));
	buf_free(&b);
}

static void act(struct toy *t, uint32_t key)
{
	crash(key);
	switch (key) {
	case 'q':
		t->quit = true;
		break;
	case 'z':
		term_suspend(t->term);
		break;
	case 'm':
		term_toggle_mouse(t->term);
		break;
	case 'c':
		term_copy(t->term, "a\033b\ncé");
		break;
	case 'C':
		copy_much(t);
		break;
	case 'L':
		term_redraw(t->term);
		break;
	case 'h':
		t->hidden = !t->hidden;
		break;
	case '+':
		t->frame++;
		break;
	case 'n':
		t->noise++;
		break;
	case 'b':		/* a mark behind all that was drawn so far */
		draw(t);
		if (write(STDOUT_FILENO, "\033]777;b\a", 8) < 0)
			exit(1);
		break;
	case 'e':
		fprintf(stderr, "a library speaks\n");
		break;
	}
}

static void tell(struct toy *t, const struct input *in)
{
	char name[16];

	if (in->type == INPUT_KEY && strchr("ub+nhLmze", (int)in->key) && in->key < 128)
		return;		/* these show by what they do */
	buf_reset(&t->said);
	if (in->type == INPUT_KEY)
		buf_addf(&t->said, "key %s.", key_name(in->key, name));
	else if (in->type == INPUT_MOUSE)
		buf_addf(&t->said, "mouse %d at %d,%d%s.", in->button, in->row, in->col,
			 in->twice ? " twice" : "");
	else if (in->type == INPUT_PASTE)
		buf_addf(&t->said, "paste [%s].", in->text);
	else if (in->type == INPUT_RESIZE)
		buf_adds(&t->said, "resized.");
}

int main(int argc, char **argv)
{
	struct term_options o = { .colour = COLOUR_AUTO };
	struct toy t = { .canvas = canvas_create(1, 1, false) };
	struct error *err = term_open(&o, &t.term);

	if (err) {
		int status = err->code;

		fprintf(stderr, "toy: %s\n", err->message);
		error_destroy(err);
		canvas_destroy(t.canvas);
		return status;
	}
	if (argc > 1 && !strcmp(argv[1], "nohup"))
		signal(SIGHUP, SIG_IGN);
	t.theme = theme_builtin();
	if (term_ascii(t.term)) {
		canvas_destroy(t.canvas);
		t.canvas = canvas_create(1, 1, true);
	}
	while (!t.quit) {
		struct pollfd p = { .fd = term_fd(t.term), .events = POLLIN };
		struct input in;

		draw(&t);
		if (poll(&p, 1, -1) < 0)
			continue;
		while (!t.quit && (in = term_read(t.term)).type != INPUT_NONE) {
			if (in.type == INPUT_GONE)
				exit(9);
			tell(&t, &in);
			if (in.type == INPUT_KEY)
				act(&t, in.key);
		}
	}
	term_close(t.term);
	theme_destroy(t.theme);
	canvas_destroy(t.canvas);
	buf_free(&t.said);
	printf("toy ended\n");
	return 0;
}
