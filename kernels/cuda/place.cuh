// Which part of the problem a block works on.
#pragma once
#include "kernels/cuda/device.h"
#include "kernels/cuda/params.h"

namespace uvic::cuda {

/// A head, the queries and keys that see each other (a document's, or all), and a tile of their rows.
struct Place {
  int b, h;
  int origin;         ///< position of query 0 and of key 0
  int queries, keys;  ///< how many
  int tile, tiles;    ///< of up to `most_rows` queries, or with kKeyRows keys
};

template <bool kKeyRows, class M>
UVIC_DEVICE Place place_of_block(const Problem& p, int most_rows) {
  if (p.tiles) {
    const DocumentTile t = p.tiles[M::block() % p.tile_count];
    return {t.batch, M::block() / p.tile_count,    t.origin, t.length, t.length,
            t.tile,  ceil_div(t.length, most_rows)};
  }
  const int tiles = ceil_div(kKeyRows ? p.keys : p.queries, most_rows), head = M::block() / tiles;
  return {head / p.heads, head % p.heads, 0, p.queries, p.keys, M::block() % tiles, tiles};
}

}  // namespace uvic::cuda
