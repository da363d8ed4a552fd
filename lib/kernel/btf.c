/* SPDX-License-Identifier: GPL-2.0-only */
/* btf.c - walks the types of a BTF blob (Documentation/bpf/btf.rst) until a structure has the name.
 */
#include "btf.h"

#include <linux/btf.h>

#define KIND_DECL_TAG 17
#define KIND_TYPE_TAG 18
#define KIND_ENUM64   19

/* Bytes behind struct btf_type. -1: a kind from after this was written. */
static ssize_t trailer_bytes(uint32_t kind, uint32_t vlen)
{
	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_DATASEC:
	case KIND_ENUM64:
		return 12 * (ssize_t)vlen;
	case BTF_KIND_ENUM:
	case BTF_KIND_FUNC_PROTO:
		return 8 * (ssize_t)vlen;
	default:
		return kind && kind <= KIND_ENUM64 ? 0 : -1;
	}
}

static bool header_read(const char *buf, size_t len, struct btf_header *ret)
{
	if (len < sizeof(*ret))
		return false;
	memcpy(ret, buf, sizeof(*ret));
	return ret->magic == BTF_MAGIC && ret->hdr_len >= sizeof(*ret) && ret->hdr_len <= len &&
	       ret->type_off <= len - ret->hdr_len &&
	       ret->type_len <= len - ret->hdr_len - ret->type_off &&
	       ret->str_off <= len - ret->hdr_len &&
	       ret->str_len <= len - ret->hdr_len - ret->str_off;
}

static bool named(const char *strings, uint32_t strings_len, uint32_t offset, const char *name)
{
	size_t n = strlen(name) + 1;

	return offset < strings_len && n <= strings_len - offset &&
	       memcmp(strings + offset, name, n) == 0;
}

int btf_struct_bytes(const void *buf, size_t len, uint32_t base_strings, const char *name,
		     uint64_t *ret)
{
	const char *bytes = buf, *types, *strings;
	struct btf_header header;
	struct btf_type type;

	if (!header_read(bytes, len, &header))
		return -EBADMSG;
	types = bytes + header.hdr_len + header.type_off;
	strings = bytes + header.hdr_len + header.str_off;
	for (size_t at = 0; at + sizeof(type) <= header.type_len;) {
		ssize_t trailer;

		memcpy(&type, types + at, sizeof(type));
		trailer = trailer_bytes(BTF_INFO_KIND(type.info), BTF_INFO_VLEN(type.info));
		if (trailer < 0)
			return -EBADMSG;
		if (BTF_INFO_KIND(type.info) == BTF_KIND_STRUCT && type.name_off >= base_strings &&
		    named(strings, header.str_len, type.name_off - base_strings, name)) {
			*ret = type.size;
			return 0;
		}
		at += sizeof(type) + (size_t)trailer;
	}
	return -ENOENT;
}

int btf_kernel_struct_bytes(const struct sysroot *root, const char *module, const char *name,
			    uint64_t *ret)
{
	AUTO_FREE char *kernel = NULL, *own = NULL;
	ssize_t n = sysroot_read_alloc(root, &kernel, NULL, "/sys/kernel/btf/vmlinux");
	ssize_t n_own = sysroot_read_alloc(root, &own, NULL, "/sys/kernel/btf/%s", module);
	struct btf_header header;

	if (n < 0 || !header_read(kernel, (size_t)n, &header))
		return -ENOENT;
	if (n_own > 0 && !btf_struct_bytes(own, (size_t)n_own, header.str_len, name, ret))
		return 0;
	return btf_struct_bytes(kernel, (size_t)n, 0, name, ret) ? -ENOENT : 0;
}
