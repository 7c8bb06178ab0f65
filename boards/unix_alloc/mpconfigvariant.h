// The unix port with an allocator that counts, and fails when it is told to. It knows which line runs: of
// sys.settrace it has the chain of frames, and no more (mpconfigvariant.mk).
#include "../unix/mpconfigvariant.h"
