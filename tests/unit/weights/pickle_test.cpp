#include "weights/pickle.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/error.h"

namespace chestmap {
namespace {

Pickle read(const std::string& stream) {
  return read_pickle(std::as_bytes(std::span(stream.data(), stream.size())), "f.pt");
}

std::string refusal(const std::string& stream) {
  try {
    (void)read(stream);
    return "accepted";
  } catch (const UserError& error) {
    EXPECT_FALSE(error.hint().empty());
    const std::string text = error.what();
    EXPECT_TRUE(text.starts_with("f.pt: the pickle at offset ")) << text;
    return text.substr(std::strlen("f.pt: the pickle at offset "));
  }
}

std::int64_t whole(const std::string& stream) {
  const Pickle pickle = read(stream);
  return *pickle.get<std::int64_t>(pickle.root);
}

const std::string kProto("\x80\x02", 2);

std::string text(const std::string& content) {
  return std::string("U") + static_cast<char>(content.size()) + content;
}

TEST(Pickle, WholeNumbersOfEveryWidth) {
  EXPECT_EQ(whole("K\xff."), 255);
  EXPECT_EQ(whole("M\xff\xff."), 65535);
  EXPECT_EQ(whole("J\xff\xff\xff\xff."), -1);
  EXPECT_EQ(whole(std::string("\x8a\x00.", 3)), 0);
  EXPECT_EQ(whole("\x8a\x01\xff."), -1);
  EXPECT_EQ(whole(std::string("\x8a\x02\xff\x00.", 5)), 255);
  EXPECT_EQ(whole(std::string("\x8a\x08\0\0\0\0\0\0\0\x80.", 11)), INT64_MIN);
  EXPECT_EQ(whole(std::string("\x8b\x01\0\0\0\x7f.", 7)), 127);
}

TEST(Pickle, RealNumbersAreBigEndian) {
  // 0x4059000000000000 = 2^6 (1 + 9 / 16) = 100
  const Pickle pickle = read(std::string("G\x40\x59\0\0\0\0\0\0.", 10));
  EXPECT_EQ(*pickle.get<double>(pickle.root), 100.0);
}

TEST(Pickle, ContainersHoldTheirItemsInOrder) {
  const Pickle pickle = read(kProto + "](K\x01K\x02" + "eK\x03" + "a.");
  const auto* list = pickle.get<PickleSequence>(pickle.root);
  ASSERT_NE(list, nullptr);
  std::vector<std::int64_t> values;
  for (const PickleId id : list->items) values.push_back(*pickle.get<std::int64_t>(id));
  EXPECT_EQ(values, (std::vector<std::int64_t>{1, 2, 3}));
}

TEST(Pickle, OrderedDictOfPython2sPairs) {
  // Texts lie in the stream.
  const std::string stream =
      kProto + "ccollections\nOrderedDict\n](](" + text("a") + "K\x07" + "ee\x85R.";
  const Pickle pickle = read(stream);
  const auto value = pickle.find(pickle.root, "a");
  ASSERT_TRUE(value);
  EXPECT_EQ(*pickle.get<std::int64_t>(*value), 7);
}

TEST(Pickle, ProgramsAreRefusedByNameAndOffset) {
  // os.system("id") as pickle writes it by protocols 2 and 4.
  EXPECT_EQ(refusal(kProto + "cposix\nsystem\n" + text("id") + "\x85R."),
            "2 names \"posix.system\", which is refused");
  EXPECT_EQ(refusal("\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02id\x85R."),
            "17 names \"posix.system\", which is refused");
  for (const std::string name :
       {"os\nsystem", "subprocess\nPopen", "builtins\neval", "__builtin__\nexec",
        "builtins\ngetattr", "torch\nload", "torch.hub\nload", "torch._utils\n_import_dotted_name",
        "runpy\n_run_code", "numpy.testing._private.utils\nruncommand"}) {
    const std::string reason = refusal(kProto + "c" + name + "\n" + text("id") + "\x85R.");
    EXPECT_TRUE(reason.ends_with(", which is refused")) << name << ": " << reason;
  }
}

TEST(Pickle, OpcodesThatTorchDoesNotWriteAreRefusedByName) {
  EXPECT_EQ(refusal(kProto + "(S'id'\niposix\nsystem\n."),
            "3 has the opcode STRING (0x53), which is refused");
  EXPECT_EQ(refusal(kProto + "(iposix\nsystem\n."),
            "3 has the opcode INST (0x69), which is refused");
  EXPECT_EQ(refusal(kProto + "(o."), "3 has the opcode OBJ (0x6f), which is refused");
  EXPECT_EQ(refusal(kProto + "\x82\x01."), "2 has the opcode EXT1 (0x82), which is refused");
  EXPECT_EQ(refusal(kProto + "Pkey\n."), "2 has the opcode PERSID (0x50), which is refused");
  EXPECT_EQ(refusal(kProto + "\x97."), "2 has the opcode NEXT_BUFFER (0x97), which is refused");
  EXPECT_EQ(refusal(kProto + "\xfe."), "2 has the opcode unknown (0xfe), which is refused");
}

TEST(Pickle, NothingIsCalledThatIsNoGlobalOfTheList) {
  EXPECT_EQ(refusal(kProto + text("posix.system") + ")R."),
            "17 calls a value that is no known global");
  EXPECT_EQ(refusal(kProto + "ctorch\nFloatStorage\n)R."), "23 calls torch.FloatStorage");
  EXPECT_EQ(refusal(kProto + "ctorch\nFloatStorage\n)\x81."),
            "23 makes an object of torch.FloatStorage");
  EXPECT_EQ(refusal(kProto + "K\x01}b."), "5 sets the attributes of a value");
}

TEST(Pickle, ABrokenStackIsRefused) {
  for (const std::string stream : {"",
                                   ".",
                                   "(",
                                   "(.",
                                   "NN.",
                                   "(N.",
                                   "R.",
                                   ")R.",
                                   "N)R.",
                                   "a.",
                                   "Na.",
                                   "NNa.",
                                   "e.",
                                   "(e.",
                                   "]e.",
                                   "s.",
                                   "}s.",
                                   "}Ns.",
                                   "}(Nu.",
                                   "t.",
                                   "\x85.",
                                   "(\x85.",
                                   "N(\x85.",
                                   "N(0.",
                                   "Q.",
                                   "NQ.",
                                   ")Q.",
                                   "b.",
                                   "Nb.",
                                   "\x93.",
                                   "NN\x93.",
                                   "\x81.",
                                   "h\x01.",
                                   "q\x01.",
                                   "\x94.",
                                   "N(1",
                                   "cname",
                                   "cname\n",
                                   "U\005abc.",
                                   "X\xff\xff\xff\377abc.",
                                   "\x8d\xff\xff\xff\xff\xff\xff\xff\377abc.",
                                   "\x8b\xff\xff\xff\xff.",
                                   "\x80\x01N.",
                                   "\x80\x06N."})
    EXPECT_NE(refusal(stream), "accepted") << stream;
}

TEST(Pickle, TensorsOfSomethingElseAreRefused) {
  const std::string rebuild = kProto + "ctorch._utils\n_rebuild_tensor_v2\n";
  EXPECT_NE(refusal(rebuild + ")R."), "accepted");
  EXPECT_NE(refusal(rebuild + "(NNNNNNtR."), "accepted");
  EXPECT_NE(refusal(rebuild + "((" + text("storage") + "ctorch\nFloatStorage\n" + text("0") +
                    text("cpu") + "K\x01tQK" + std::string(1, '\0') + "(NtNNNtR."),
            "accepted");
  EXPECT_NE(refusal(kProto + "ctorch._utils\n_rebuild_parameter\n(N\x88NtR."), "accepted");
  EXPECT_NE(refusal(kProto + "(" + text("module") + "ctorch\nFloatStorage\n" + text("0") +
                    text("cpu") + "K\x01tQ."),
            "accepted");
}

TEST(Pickle, DepthCostsNoStack) {
  // A list in a list, half a million deep; reading and dropping it must not recurse.
  std::string stream = kProto;
  constexpr int kDepth = 500'000;
  stream.append(kDepth, ']');
  stream.append(kDepth - 1, 'a');
  EXPECT_EQ(refusal(stream + "."), "accepted");
}

TEST(Pickle, CopiesOfRememberedValuesAreBounded) {
  // A list of 200,000 items, and OrderedDict, set and Size made of it again and again.
  std::string stream = kProto + "](";
  for (int i = 0; i < 200'000; ++i) stream += "N";
  stream += std::string("eq") + '\1' + "0(";
  for (int i = 0; i < 100'000; ++i) stream += std::string("ctorch\nSize\nh") + '\1' + "\x85R";
  const std::string reason = refusal(stream + "t.");
  EXPECT_TRUE(reason.ends_with("copies too many values")) << reason;
}

TEST(Pickle, ValuesAreBounded) {
  std::string stream = kProto + "(";
  stream.append(2'100'000, 'N');
  const std::string reason = refusal(stream + "t.");
  EXPECT_TRUE(reason.ends_with("describes more than 2000000 values")) << reason;
}

TEST(Pickle, TheStreamEndsAtStop) { EXPECT_EQ(read(kProto + "N.more").length, 4U); }

}  // namespace
}  // namespace chestmap
