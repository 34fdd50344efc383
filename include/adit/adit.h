/* adit: IPsec that fits in your program. Everything; each header can be included alone.
 *
 * Conventions of every call:
 * - Nothing allocates, blocks, prints, or reads a clock. What a call needs comes in by argument, or
 *   stands in the caller's structs.
 * - An object belongs to one thread at a time; two objects never share anything that is written.
 * - Every fallible call returns enum adit_status; what the object is like after an error stands
 *   with the call, and is "unchanged" where nothing stands.
 * - Pointers given to an init must outlive the object, unless the call says "copied".
 * - Zero in a configuration field gives the safe default that its comment tells.
 * - Any byte string may be given as a packet or datagram: a bad one gets a status and a count. */
#ifndef ADIT_H
#define ADIT_H

#include "adit/ah.h"
#include "adit/base.h"
#include "adit/crypto.h"
#include "adit/drive.h"
#include "adit/esp.h"
#include "adit/fragment.h"
#include "adit/icmp.h"
#include "adit/ike.h"
#include "adit/ipsec.h"
#include "adit/iptfs.h"
#include "adit/node.h"
#include "adit/replay.h"
#include "adit/sa.h"
#include "adit/sad.h"
#include "adit/segment.h"
#include "adit/spd.h"
#include "adit/state.h"
#include "adit/stream.h"
#include "adit/trace.h"
#include "adit/version.h"

#endif
