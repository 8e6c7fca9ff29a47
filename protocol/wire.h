/* wire.h - the two cursors through which every byte of the wire is read and written, big-endian.
 *
 * A reader refuses to read past its end and moves only when a read succeeds. A writer remembers that
 * something did not fit (full) and from then on writes nothing: check it once, at the end. */
#ifndef PROTOCOL_WIRE_H
#define PROTOCOL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct s7_rd {
    const uint8_t *at;
    size_t left;
};

/* width 1..4. */
static inline bool s7_rd_be(struct s7_rd *rd, unsigned width, uint32_t *value)
{
    uint32_t v = 0;

    if (width > rd->left)
        return false;
    for (unsigned i = 0; i < width; i++)
        v = v << 8 | rd->at[i];
    rd->at += width;
    rd->left -= width;
    *value = v;
    return true;
}

static inline bool s7_rd_u8(struct s7_rd *rd, uint8_t *value)
{
    uint32_t v;

    if (!s7_rd_be(rd, 1, &v))
        return false;
    *value = (uint8_t)v;
    return true;
}

static inline bool s7_rd_u16(struct s7_rd *rd, uint16_t *value)
{
    uint32_t v;

    if (!s7_rd_be(rd, 2, &v))
        return false;
    *value = (uint16_t)v;
    return true;
}

/* A view of the next len bytes; it lives as long as the buffer read from. */
static inline bool s7_rd_view(struct s7_rd *rd, size_t len, const uint8_t **view)
{
    if (len > rd->left)
        return false;
    *view = rd->at;
    rd->at += len;
    rd->left -= len;
    return true;
}

/* A text field: the next len bytes, up to the first zero, without blanks at the end. text has room for len
 * characters and a zero. */
static inline bool s7_rd_text(struct s7_rd *rd, size_t len, char *text)
{
    const uint8_t *view;
    size_t n = 0;

    if (!s7_rd_view(rd, len, &view))
        return false;
    while (n < len && view[n] != 0)
        n++;
    while (n > 0 && view[n - 1] == ' ')
        n--;
    memcpy(text, view, n);
    text[n] = '\0';
    return true;
}

struct s7_wr {
    uint8_t *buf;
    size_t cap;
    size_t len; /* bytes written */
    bool full;  /* something did not fit: the content is not usable */
};

/* Room for len bytes at the end, to be filled by the caller; NULL and full when they do not fit. */
static inline uint8_t *s7_wr_room(struct s7_wr *wr, size_t len)
{
    if (wr->full || len > wr->cap - wr->len) {
        wr->full = true;
        return NULL;
    }
    uint8_t *room = wr->buf + wr->len;
    wr->len += len;
    return room;
}

/* width 1..4; the upper bytes of value must be zero. */
static inline void s7_wr_be(struct s7_wr *wr, unsigned width, uint32_t value)
{
    uint8_t *room = s7_wr_room(wr, width);

    if (room == NULL)
        return;
    for (unsigned i = 0; i < width; i++)
        room[i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

static inline void s7_wr_bytes(struct s7_wr *wr, const uint8_t *src, size_t len)
{
    uint8_t *room = s7_wr_room(wr, len);

    if (room != NULL && len > 0)
        memcpy(room, src, len);
}

/* Overwrite two bytes written earlier (a length that is known only now). */
static inline void s7_wr_patch16(struct s7_wr *wr, size_t offset, size_t value)
{
    if (wr->full)
        return;
    wr->buf[offset] = (uint8_t)(value >> 8);
    wr->buf[offset + 1] = (uint8_t)value;
}

#endif
