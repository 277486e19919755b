#include "io/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>

#include "core/machine.h"
#include "io/png.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0x82F63B78u : 0);
    table[i] = value;
  }
  return table;
}
constexpr std::array<uint32_t, 256> kCrcTable = make_crc_table();

template <class T>
std::string fixed(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes += static_cast<char>(value);
}

// Protobuf fields: a tag (number and wire type), then the value.
std::string double_field(int number, double value) {
  return varint(number << 3 | 1) + fixed(value);
}
std::string float_field(int number, float value) {
  return varint(number << 3 | 5) + fixed(value);
}
std::string int_field(int number, int64_t value) {
  return varint(number << 3) + varint(static_cast<uint64_t>(value));
}
std::string bytes_field(int number, const std::string& value) {
  return varint(number << 3 | 2) + varint(value.size()) + value;
}

/// TFRecord: u64 length, its masked CRC, the data, their masked CRC.
std::string record(const std::string& data) {
  const std::string length = fixed(uint64_t{data.size()});
  return length + fixed(masked_crc(length)) + data + fixed(masked_crc(data));
}

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

fs::path new_file(const fs::path& directory) {
  fs::create_directories(directory);
  return directory /
         c10::str("events.out.tfevents.", static_cast<int64_t>(now()), ".", host_name(), ".", getpid());
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xFF];
  return ~crc;
}

uint32_t masked_crc(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u;
}

EventWriter::EventWriter(const fs::path& directory, std::optional<int64_t> first_step)
    : file_(new_file(directory)) {
  add(double_field(1, now()) + bytes_field(3, "brain.Event:2"));
  constexpr int64_t kStart = 1;  // of SessionLog.SessionStatus
  if (first_step)
    add(double_field(1, now()) + int_field(2, *first_step) + bytes_field(7, int_field(1, kStart)));
  flush();
}

void EventWriter::add_scalar(const std::string& tag, double value, int64_t step) {
  write_summary(bytes_field(1, tag) + float_field(2, static_cast<float>(value)), step);
}

void EventWriter::add_image(const std::string& tag, const at::Tensor& image, int64_t step) {
  const std::string png = encode_png(image);
  const std::string body = int_field(1, image.size(1)) + int_field(2, image.size(2)) +
                           int_field(3, image.size(0)) + bytes_field(4, png);
  write_summary(bytes_field(1, tag) + bytes_field(4, body), step);
}

void EventWriter::write_summary(const std::string& value, int64_t step) {
  add(double_field(1, now()) + int_field(2, step) + bytes_field(5, bytes_field(1, value)));
}

void EventWriter::add(const std::string& event) {
  file_.add(record(event));
}

}  // namespace uvic
