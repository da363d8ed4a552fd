/* SPDX-License-Identifier: GPL-2.0-only */
/* opt_help.h - the texts about a program: help, man page, completion. For opt_main.c only. */
#ifndef COLDPRESS_BASE_OPT_HELP_H
#define COLDPRESS_BASE_OPT_HELP_H

#include "opt.h"

static inline void *opt_config(const struct opt_program *program, const struct opt_command *command)
{
	return command->config ? command->config : program->config;
}

/* opt_help_print - help of a command, or of the program with its commands where command is NULL; of
 * those only the ones that begin with the word `group`, where that is not NULL.
 */
void opt_help_print(FILE *f, const struct opt_program *program, const struct opt_command *command,
		    const char *group);

/* opt_in_group - whether the command has two words of which this is the first: "trigger" of
 * "trigger compress". */
bool opt_in_group(const struct opt_command *command, const char *group);

/* opt_help_man - the program as an mdoc page, dated SOURCE_DATE_EPOCH if set, else today. */
void opt_help_man(FILE *f, const struct opt_program *program);

/* opt_help_completion - a bash completion script. */
void opt_help_completion(FILE *f, const struct opt_program *program);

#endif
