/* SPDX-License-Identifier: GPL-2.0-or-later
 * Kernel interfaces younger than the headers of the distributions we build on,
 * declared by us. Sizes travel in the structs, so older kernels can refuse.
 */
#ifndef LIVE_UAPI_H
#define LIVE_UAPI_H
#include <stdint.h>
#include <sys/ioctl.h>

/* PAGEMAP_SCAN, 6.7+, on /proc/PID/pagemap */
struct uapi_page_region {
	uint64_t start, end, categories;
};
struct uapi_pm_scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define UAPI_PAGEMAP_SCAN _IOWR('f', 16, struct uapi_pm_scan_arg)
enum {
	UAPI_PAGE_FILE = 1 << 2,
	UAPI_PAGE_PRESENT = 1 << 3,
	UAPI_PAGE_SWAPPED = 1 << 4,
	UAPI_PAGE_PFNZERO = 1 << 5,
	UAPI_PAGE_HUGE = 1 << 6,
	UAPI_PAGE_GUARD = 1 << 8,	/* 6.15+ */
};

/* Bits of an entry of /proc/PID/pagemap */
#define PAGEMAP_PFN_MASK	((1ull << 55) - 1)
#define PAGEMAP_EXCLUSIVE	(1ull << 56)
#define PAGEMAP_UFFD_WP		(1ull << 57)
#define PAGEMAP_GUARD		(1ull << 58)
#define PAGEMAP_FILE		(1ull << 61)
#define PAGEMAP_SWAPPED		(1ull << 62)
#define PAGEMAP_PRESENT		(1ull << 63)
/* Of what is no page but is called swapped the frame is a type of swap and an offset. The last
 * type is no device: it says something about the place, in the bits of the offset. 5.19+ */
#define PAGEMAP_SWAP_TYPE(e)	((unsigned)(e) & 31)
#define PAGEMAP_MARKER		31
#define PAGEMAP_MARKER_GUARD	(1ull << 5 << 2)	/* 6.13+; PAGEMAP_GUARD is 6.15+ */

/* PROCMAP_QUERY, 6.11+, on /proc/PID/maps */
struct uapi_procmap_query {
	uint64_t size, query_flags, query_addr;
	uint64_t vma_start, vma_end, vma_flags, vma_page_size, vma_offset, inode;
	uint32_t dev_major, dev_minor, vma_name_size, build_id_size;
	uint64_t vma_name_addr, build_id_addr;
};
#define UAPI_PROCMAP_QUERY _IOWR('f', 17, struct uapi_procmap_query)
enum {
	UAPI_VMA_READ = 1 << 0,
	UAPI_VMA_WRITE = 1 << 1,
	UAPI_VMA_EXEC = 1 << 2,
	UAPI_VMA_SHARED = 1 << 3,
	UAPI_COVERING_OR_NEXT = 1 << 4,
};

/* PIDFD_GET_INFO, 6.13+; the exit status since 6.15, once the process was reaped */
struct uapi_pidfd_info {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid;
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};
#define UAPI_PIDFD_GET_INFO _IOWR(0xff, 11, struct uapi_pidfd_info)
#define UAPI_PIDFD_INFO_EXIT (1ull << 3)

#define PF_KTHREAD 0x00200000u	/* field 9 of stat */

/* The end of user addresses with four-level page tables; nothing that has pages of
 * its own lies above it unless maps says so. */
#define USER_END 0x7ffffffff000ull

#endif
