/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "src/live/peek.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mmscope/alloc.h"

/* Numbers of the kernel's interface that older headers lack. */
enum {
	UAPI_PROG_TRACING = 26,
	UAPI_PROG_SYSCALL = 31,
	UAPI_TRACE_ITER = 28,
	HELPER_GET_CURRENT_TASK = 35,
	HELPER_PROBE_READ_KERNEL = 113,
	HELPER_SEQ_WRITE = 127,
	HELPER_GET_TASK_STACK = 141,
	HELPER_SNPRINTF = 165,
};

/* struct bpf_iter_link_info of one task or process, 6.1+ */
struct uapi_iter_task {
	uint32_t tid, pid, pid_fd;
};

#define R(code_, dst_, src_, off_, imm_) \
	((struct bpf_insn){ .code = (code_), .dst_reg = (dst_), .src_reg = (src_), \
			    .off = (int16_t)(off_), .imm = (int32_t)(imm_) })
#define LOAD(dst, src, off)	R(BPF_LDX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define STORE(dst, off, src)	R(BPF_STX | BPF_MEM | BPF_DW, dst, src, off, 0)
#define MOVE(dst, src)		R(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0)
#define SET(dst, value)		R(BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value)
#define ADD(dst, value)		R(BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, value)
#define IF_ZERO(reg, skip)	R(BPF_JMP | BPF_JEQ | BPF_K, reg, 0, skip, 0)
#define IF_SOME(reg, skip)	R(BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, 0)
#define IF_MORE(reg, than, skip) R(BPF_JMP | BPF_JGT | BPF_K, reg, 0, skip, than)
#define GO(skip)		R(BPF_JMP | BPF_JA, 0, 0, skip, 0)
#define CALL(helper)		R(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define EXIT			R(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
/* Two instructions: the address of the map's value, plus an offset. */
#define VALUE(dst, map, offset) \
	R(BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_VALUE, 0, map), R(0, 0, 0, 0, offset)

static int bpf(int cmd, union bpf_attr *attr)
{
	long n = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return n < 0 ? -errno : (int)n;
}

static int map_create(uint32_t bytes, uint32_t flags)
{
	union bpf_attr a = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = bytes,
			     .max_entries = 1, .map_flags = flags };

	return bpf(BPF_MAP_CREATE, &a);
}

static int prog_load(union bpf_attr *a, const struct bpf_insn *insns, size_t n)
{
	a->insns = (uintptr_t)insns;
	a->insn_cnt = (uint32_t)n;
	a->license = (uintptr_t)"GPL";
	memcpy(a->prog_name, "mmscope", 8);
	return bpf(BPF_PROG_LOAD, a);
}

/* The context it is called with. */
struct peek_call {
	uint64_t addr, n;	/* addr 0: the current task's address into the window's end */
	struct peek_range first[PEEK_FIRST];
};
enum { CURRENT = (1 + PEEK_FIRST) * PEEK_MOST, WINDOW = CURRENT + sizeof(uint64_t) };

/* Reads first[i], if there is one; `left`: instructions up to the EXIT for when that fails. */
#define READ_FIRST(i, map, left) \
	LOAD(BPF_REG_3, BPF_REG_6, offsetof(struct peek_call, first[i].addr)), \
	IF_ZERO(BPF_REG_3, 6), \
	LOAD(BPF_REG_2, BPF_REG_6, offsetof(struct peek_call, first[i].n)), \
	IF_MORE(BPF_REG_2, PEEK_MOST, 4), \
	VALUE(BPF_REG_1, map, (1 + (i)) * PEEK_MOST), \
	CALL(HELPER_PROBE_READ_KERNEL), \
	IF_SOME(BPF_REG_0, left)

static int load_peek(int map)
{
	const struct bpf_insn insns[] = {
		MOVE(BPF_REG_6, BPF_REG_1),
		READ_FIRST(0, map, 15),
		READ_FIRST(1, map, 7),
		LOAD(BPF_REG_3, BPF_REG_6, offsetof(struct peek_call, addr)),
		LOAD(BPF_REG_2, BPF_REG_6, offsetof(struct peek_call, n)),
		IF_ZERO(BPF_REG_3, 5),
		IF_MORE(BPF_REG_2, PEEK_MOST, 8),
		VALUE(BPF_REG_1, map, 0),
		CALL(HELPER_PROBE_READ_KERNEL),
		EXIT,
		CALL(HELPER_GET_CURRENT_TASK),
		VALUE(BPF_REG_1, map, CURRENT),
		STORE(BPF_REG_1, 0, BPF_REG_0),
		GO(0),
		SET(BPF_REG_0, 0),
		EXIT,
	};
	union bpf_attr a = { .prog_type = UAPI_PROG_SYSCALL, .prog_flags = BPF_F_SLEEPABLE };

	return prog_load(&a, insns, ARRAY_LEN(insns));
}

int peek_open(struct peek *p)
{
	int err;

	*p = (struct peek){ .map = -1, .prog = -1 };
	p->map = map_create(WINDOW, BPF_F_MMAPABLE);
	err = p->map;
	if (err >= 0) {
		p->window = mmap(NULL, WINDOW, PROT_READ, MAP_SHARED, p->map, 0);
		if (p->window == MAP_FAILED) {
			p->window = NULL;
			err = -errno;
		}
	}
	if (err >= 0)
		err = p->prog = load_peek(p->map);
	if (err >= 0 && !peek_current(p))
		err = -EOPNOTSUPP;
	if (err >= 0)
		return 0;
	peek_close(p);
	return err;
}

void peek_close(struct peek *p)
{
	if (p->window)
		munmap(p->window, WINDOW);
	if (p->prog >= 0)
		close(p->prog);
	if (p->map >= 0)
		close(p->map);
	*p = (struct peek){ .map = -1, .prog = -1 };
}

/* What the program returned, or -errno. */
static int64_t run_prog(int prog, const struct peek_call *call)
{
	union bpf_attr a = { 0 };
	int err;

	a.test.prog_fd = (uint32_t)prog;
	a.test.ctx_in = (uintptr_t)call;
	a.test.ctx_size_in = sizeof(*call);
	err = bpf(BPF_PROG_TEST_RUN, &a);
	return err < 0 ? err : (int64_t)(int32_t)a.test.retval;
}

/* Never what lies in user space, whatever a pointer says. */
static bool in_kernel(uint64_t addr, uint64_t n)
{
	return addr >> 63 && n <= PEEK_MOST;
}

const void *peek_at(struct peek *p, uint64_t addr, size_t n)
{
	return peek_after(p, NULL, addr, n);
}

const void *peek_after(struct peek *p, const struct peek_range first[PEEK_FIRST], uint64_t addr,
		       size_t n)
{
	struct peek_call call = { .addr = addr, .n = n };

	if (!in_kernel(addr, n))
		return NULL;
	for (int i = 0; first && i < PEEK_FIRST; i++) {
		if (first[i].addr && !in_kernel(first[i].addr, first[i].n))
			return NULL;
		call.first[i] = first[i];
	}
	return run_prog(p->prog, &call) == 0 ? p->window : NULL;
}

uint64_t peek_current(struct peek *p)
{
	uint64_t task;

	if (run_prog(p->prog, &(struct peek_call){ .addr = 0 }))
		return 0;
	memcpy(&task, p->window + CURRENT, sizeof(task));
	return task;
}

/* A constant text for a program: a map that nobody may write to any more. */
static int constant_text(const char *text, size_t bytes)
{
	union bpf_attr a = { 0 };
	uint32_t key = 0;
	int map = map_create((uint32_t)bytes, BPF_F_RDONLY_PROG), err;

	if (map < 0)
		return map;
	a.map_fd = (uint32_t)map;
	a.key = (uintptr_t)&key;
	a.value = (uintptr_t)text;
	err = bpf(BPF_MAP_UPDATE_ELEM, &a);
	if (err >= 0) {
		a = (union bpf_attr){ .map_fd = (uint32_t)map };
		err = bpf(BPF_MAP_FREEZE, &a);
	}
	if (err >= 0)
		return map;
	close(map);
	return err;
}

static int load_namer(int map, int format)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_REG_6, BPF_REG_1, offsetof(struct peek_call, addr)),
		STORE(BPF_REG_10, -8, BPF_REG_6),
		VALUE(BPF_REG_1, map, 0),
		SET(BPF_REG_2, NAMER_TEXT),
		VALUE(BPF_REG_3, format, 0),
		MOVE(BPF_REG_4, BPF_REG_10),
		ADD(BPF_REG_4, -8),
		SET(BPF_REG_5, 8),
		CALL(HELPER_SNPRINTF),
		EXIT,
	};
	union bpf_attr a = { .prog_type = UAPI_PROG_SYSCALL, .prog_flags = BPF_F_SLEEPABLE };

	return prog_load(&a, insns, ARRAY_LEN(insns));
}

int namer_open(struct namer *n)
{
	static const char format[8] = "%pB";
	int err;

	*n = (struct namer){ .map = -1, .format = -1, .prog = -1 };
	err = n->map = map_create(NAMER_TEXT, BPF_F_MMAPABLE);
	if (err >= 0) {
		n->window = mmap(NULL, NAMER_TEXT, PROT_READ, MAP_SHARED, n->map, 0);
		if (n->window == MAP_FAILED) {
			n->window = NULL;
			err = -errno;
		}
	}
	if (err >= 0)
		err = n->format = constant_text(format, sizeof(format));
	if (err >= 0)
		err = n->prog = load_namer(n->map, n->format);
	if (err >= 0)
		return 0;
	namer_close(n);
	return err;
}

void namer_close(struct namer *n)
{
	if (n->window)
		munmap((void *)n->window, NAMER_TEXT);
	if (n->prog >= 0)
		close(n->prog);
	if (n->format >= 0)
		close(n->format);
	if (n->map >= 0)
		close(n->map);
	*n = (struct namer){ .map = -1, .format = -1, .prog = -1 };
}

const char *namer_ask(struct namer *n, uint64_t return_address)
{
	if (n->prog < 0 || run_prog(n->prog, &(struct peek_call){ .addr = return_address }) <= 0)
		return NULL;
	return memchr(n->window, '\0', NAMER_TEXT) ? n->window : NULL;
}

static int load_chains(int map, const struct chain_layout *l)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_REG_7, BPF_REG_1, l->task),
		LOAD(BPF_REG_6, BPF_REG_1, 0),
		IF_ZERO(BPF_REG_7, 21),		/* the end of the list */
		LOAD(BPF_REG_6, BPF_REG_6, l->seq),
		VALUE(BPF_REG_8, map, 0),
		STORE(BPF_REG_8, offsetof(struct kchain, task), BPF_REG_7),
		LOAD(BPF_REG_1, BPF_REG_7, l->sp),
		STORE(BPF_REG_8, offsetof(struct kchain, sp), BPF_REG_1),
		LOAD(BPF_REG_1, BPF_REG_7, l->nvcsw),
		STORE(BPF_REG_8, offsetof(struct kchain, switches[0]), BPF_REG_1),
		LOAD(BPF_REG_1, BPF_REG_7, l->nivcsw),
		STORE(BPF_REG_8, offsetof(struct kchain, switches[1]), BPF_REG_1),
		MOVE(BPF_REG_1, BPF_REG_7),
		MOVE(BPF_REG_2, BPF_REG_8),
		ADD(BPF_REG_2, offsetof(struct kchain, address)),
		SET(BPF_REG_3, sizeof(((struct kchain *)NULL)->address)),
		SET(BPF_REG_4, 0),
		CALL(HELPER_GET_TASK_STACK),
		STORE(BPF_REG_8, offsetof(struct kchain, bytes), BPF_REG_0),
		MOVE(BPF_REG_1, BPF_REG_6),
		MOVE(BPF_REG_2, BPF_REG_8),
		SET(BPF_REG_3, sizeof(struct kchain)),
		CALL(HELPER_SEQ_WRITE),
		SET(BPF_REG_0, 0),
		EXIT,
	};
	union bpf_attr a = { .prog_type = UAPI_PROG_TRACING,
			     .expected_attach_type = UAPI_TRACE_ITER };

	a.attach_btf_id = l->iter_task;
	return prog_load(&a, insns, ARRAY_LEN(insns));
}

int chains_open(struct chains *c, const struct chain_layout *l)
{
	int err;

	*c = (struct chains){ .map = -1, .prog = -1, .by_process = true };
	c->map = map_create(sizeof(struct kchain), 0);
	if (c->map < 0)
		return c->map;
	c->prog = load_chains(c->map, l);
	if (c->prog >= 0)
		return 0;
	err = c->prog;
	chains_close(c);
	return err;
}

void chains_close(struct chains *c)
{
	if (c->prog >= 0)
		close(c->prog);
	if (c->map >= 0)
		close(c->map);
	free(c->chain);
	*c = (struct chains){ .map = -1, .prog = -1 };
}

static int link_create(const struct chains *c, pid_t tgid)
{
	const struct uapi_iter_task one = { .pid = (uint32_t)tgid };
	union bpf_attr a = { 0 };

	a.link_create.prog_fd = (uint32_t)c->prog;
	a.link_create.attach_type = UAPI_TRACE_ITER;
	if (tgid) {
		a.link_create.iter_info = (uintptr_t)&one;
		a.link_create.iter_info_len = sizeof(one);
	}
	return bpf(BPF_LINK_CREATE, &a);
}

/* A file that runs the program as it is read; it alone keeps the program where it is. */
static int open_iter(struct chains *c, pid_t tgid)
{
	union bpf_attr a = { 0 };
	int link = -EINVAL, iter;

	if (tgid && c->by_process)
		link = link_create(c, tgid);
	if (link == -EINVAL || link == -E2BIG) {
		c->by_process &= !tgid;
		link = link_create(c, 0);
	}
	if (link < 0)
		return link;
	a.iter_create.link_fd = (uint32_t)link;
	iter = bpf(BPF_ITER_CREATE, &a);
	close(link);
	return iter;
}

static int by_task(const void *a, const void *b)
{
	const struct kchain *x = a, *y = b;

	return x->task < y->task ? -1 : x->task > y->task;
}

/* How many bytes, in whole records; the vector takes them as they come. */
static ssize_t read_all(struct chains *c, int fd)
{
	const size_t record = sizeof(*c->chain);
	size_t have = 0;

	for (;;) {
		ssize_t n;

		if (c->cap * record - have < 64 * record) {
			c->cap = c->cap ? 2 * c->cap : 256;
			c->chain = xreallocarray(c->chain, c->cap, record);
		}
		n = read(fd, (uint8_t *)c->chain + have, c->cap * record - have);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return have % record ? -EIO : (ssize_t)have;
		have += (size_t)n;
	}
}

int chains_read(struct chains *c, pid_t tgid)
{
	int fd = open_iter(c, tgid);
	ssize_t n;

	c->n = 0;
	if (fd < 0)
		return fd;
	n = read_all(c, fd);
	close(fd);
	if (n < 0)
		return (int)n;
	c->n = (size_t)n / sizeof(*c->chain);
	qsort(c->chain, c->n, sizeof(*c->chain), by_task);
	return 0;
}

const struct kchain *chains_find(const struct chains *c, uint64_t task)
{
	const struct kchain key = { .task = task };

	return c->n ? bsearch(&key, c->chain, c->n, sizeof(key), by_task) : NULL;
}
