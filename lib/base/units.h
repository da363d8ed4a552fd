/* SPDX-License-Identifier: GPL-2.0-only */
/* units.h - sizes and durations with their unit, in and out.
 *
 * A number without a unit is refused, but for 0, which is the same in all units.
 */
#ifndef COLDPRESS_BASE_UNITS_H
#define COLDPRESS_BASE_UNITS_H

#include "err.h"

/* units_parse_size - "64MiB", "4KiB", "2GiB", "512B"; also KB MB GB (powers of 1000) and K M G
 * (powers of 1024, as the kernel's files take them). Fractions are taken ("1.5GiB").
 *
 * ret     bytes
 * errors  -EINVAL no number, no unit, or an unknown one; -ERANGE does not fit
 */
int units_parse_size(const char *text, uint64_t *ret, struct err *e);

/* units_parse_duration - "500ms", "10s", "2m", "1h", "250us", "100ns"; in ns, errors as above. */
int units_parse_duration(const char *text, uint64_t *ret, struct err *e);

/* units_parse_u64 - a plain whole number in decimal, or hexadecimal behind 0x. */
int units_parse_u64(const char *text, uint64_t *ret, struct err *e);

/* units_parse_f64 - a finite decimal number. */
int units_parse_f64(const char *text, double *ret, struct err *e);

/* units_parse_share - "50%" or "0.5"; ret 0.5. Refuses what is not finite or negative. */
int units_parse_share(const char *text, double *ret, struct err *e);

#define UNITS_TEXT_MAX 32

/* Rounded: "199.3 MiB", "1.25 s", "-" for MISSING_U64. Both return buf. */
char *units_format_size(uint64_t bytes, char buf[UNITS_TEXT_MAX]);
char *units_format_duration(uint64_t ns, char buf[UNITS_TEXT_MAX]);

/* Exact, as the parsers above read it: "64MiB", "1500ms". Both return buf. */
char *units_exact_size(uint64_t bytes, char buf[UNITS_TEXT_MAX]);
char *units_exact_duration(uint64_t ns, char buf[UNITS_TEXT_MAX]);

/* units_format_utc - ns since 1970 as "2026-11-23T12:34:56.123456789Z"; "-" for MISSING_U64. */
char *units_format_utc(uint64_t epoch_ns, char buf[UNITS_TEXT_MAX]);

#endif
