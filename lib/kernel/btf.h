/* SPDX-License-Identifier: GPL-2.0-only */
/* btf.h - the size of a kernel structure, from the type information that the kernel exports (BTF).
 */
#ifndef COLDPRESS_KERNEL_BTF_H
#define COLDPRESS_KERNEL_BTF_H

#include "lib/base/sysroot.h"

/* btf_struct_bytes - size of the structure of this name. base_strings: bytes of the strings of
 * vmlinux where this is a module's BTF, which counts from their end on; else 0.
 *
 * errors  -ENOENT no such structure; -EBADMSG this is no BTF, or it is cut
 */
int btf_struct_bytes(const void *buf, size_t len, uint32_t base_strings, const char *name,
		     uint64_t *ret);

/* btf_kernel_struct_bytes - of the module, or of the kernel where it is built in.
 *
 * source  /sys/kernel/btf/MODULE, /sys/kernel/btf/vmlinux
 * errors  -ENOENT no BTF, or not in it
 */
int btf_kernel_struct_bytes(const struct sysroot *root, const char *module, const char *name,
			    uint64_t *ret);

#endif
