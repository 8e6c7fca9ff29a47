/* json_at.h - where something lies in a JSON text. SQLite reads the values; this says at which byte a text is
 * no JSON, and where the value of a path begins, for messages. */
#ifndef PLANT_JSON_AT_H
#define PLANT_JSON_AT_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 64 /* arrays and objects in each other; deeper is taken for no JSON */

struct json_at {
    const char *text;
    size_t len, at;
    unsigned depth;
    const char *expected; /* why the last call was false */
};

/* Move past the value, and blanks around it. False: at is where it breaks, expected says what should be
 * there.
 */
bool json_skip(struct json_at *json);

/* at is on an array or object (or blanks before it): move to the value of its member, as it is written, or to
 * an element. False: there is none; at has moved to the array or object. */
bool json_member(struct json_at *json, const char *name);
bool json_element(struct json_at *json, size_t index);

#endif
