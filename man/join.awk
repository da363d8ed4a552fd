# SPDX-License-Identifier: GPL-2.0-only
# join.awk - a man page from what is written by hand (NAME.mdoc) and what the program says (standard input).
#
#	page_fault --help=man | awk -f man/join.awk man/page_fault.mdoc -
#
# Sections up to SEE ALSO go before EXIT STATUS, the rest to the end: the order that mdoc(7) asks for.

FILENAME ~ /\.mdoc$/ {
	if (/^\.\\"/)
		next
	if (/^\.Sh SEE ALSO/)
		behind = 1
	if (behind)
		last = last $0 "\n"
	else
		middle = middle $0 "\n"
	next
}
/^\.Sh EXIT STATUS/ { printf "%s", middle }
{ print }
END { printf "%s", last }
