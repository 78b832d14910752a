/* SPDX-License-Identifier: GPL-2.0-or-later
 * The program a scenario runs in on the real kernel: three pages, no libc, no start-up.
 *
 * It never runs on its own. Its tracer loads the registers, chooses one of the four stubs
 * below (each at a multiple of 16 from the entry point) and lets it run to the breakpoint. So the
 * only page the tracer ever needs in the process is this one.
 */
	.section .text, "ax"
	.globl _start
	.balign 16
_start:
#ifdef __x86_64__
	int3			/* break: nothing, to have the page present */
	.balign 16, 0xcc
	syscall			/* call: number and arguments are loaded by the tracer */
	int3
	.balign 16, 0xcc
	movb (%rdi), %al	/* read one byte */
	int3
	.balign 16, 0xcc
	movb $0xcc, (%rdi)	/* write one byte */
	int3
#elif defined(__aarch64__)
	brk #0			/* the same four */
	.balign 16
	svc #0
	brk #0
	.balign 16
	ldrb w1, [x0]
	brk #0
	.balign 16
	mov w1, #0xcc
	strb w1, [x0]
	brk #0
#else
	.long 0
#endif

	.section .data, "aw"
	.fill 4096, 1, 0xcc

	.section .bss, "aw", %nobits
	.skip 4096

	.section .note.GNU-stack, "", %progbits
