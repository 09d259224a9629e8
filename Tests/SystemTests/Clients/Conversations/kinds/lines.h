// SPDX-License-Identifier: Apache-2.0
//
// The form of spoken.py for programs in C: lines that are read, and lines that are said. Callbacks
// of libraries come from threads of their own, so each line is written under a lock.
#pragma once
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field { const char *name; char *value; size_t length; };
struct line { char *text; size_t room; const char *word; struct field fields[64]; int count; };

static size_t unquote(char *text) {
    char *to = text;
    for (char *from = text; *from; from++) {
        char hex[3] = {0};
        if (*from == '%' && from[1] && from[2]) {
            memcpy(hex, from + 1, 2);
            *to++ = (char)strtol(hex, NULL, 16);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = 0;
    return (size_t)(to - text);
}

static int read_line(struct line *line) {
    ssize_t size = getline(&line->text, &line->room, stdin);
    if (size <= 0) return 0;
    line->text[size - 1] = 0;
    char *next = line->text;
    line->word = strsep(&next, "\t");
    line->count = 0;
    while (next && line->count < 64) {
        char *value = strsep(&next, "\t");
        struct field *field = &line->fields[line->count++];
        field->name = strsep(&value, "=");
        field->value = value;
        field->length = unquote(value);
    }
    return 1;
}

static const struct field *find(const struct line *line, const char *name) {
    for (int i = 0; i < line->count; i++)
        if (!strcmp(line->fields[i].name, name)) return &line->fields[i];
    return NULL;
}

static const char *text(const struct line *line, const char *name) {
    const struct field *field = find(line, name);
    return field ? field->value : "";
}

static long number(const struct line *line, const char *name) {
    return strtol(text(line, name), NULL, 10);
}

static void say_bytes(const char *name, const void *bytes, size_t length) {
    const unsigned char *byte = bytes;
    printf("\t%s=", name);
    for (size_t i = 0; i < length; i++)
        if (isalnum(byte[i]) || byte[i] == ',') putchar(byte[i]); else printf("%%%02X", byte[i]);
}

static void say_text(const char *name, const char *value) {
    say_bytes(name, value, strlen(value));
}

static void say_number(const char *name, long value) { printf("\t%s=%ld", name, value); }

static void begin(const char *word) {
    flockfile(stdout);
    fputs(word, stdout);
}

static void end(void) {
    putchar('\n');
    fflush(stdout);
    funlockfile(stdout);
}

/// `subscribed id=3 code=2` and its like.
static void answer(const char *word, long id, long code) {
    begin(word);
    say_number("id", id);
    say_number("code", code);
    end();
}

static void fail(const char *what, long code) {
    begin("error");
    say_text("text", what);
    say_number("code", code);
    end();
}
