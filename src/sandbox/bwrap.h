// SPDX-License-Identifier: Apache-2.0
// The command line of bubblewrap (https://github.com/containers/bubblewrap, its manual page) for a
// jail. Knows the file systems; starts nothing.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "sandbox/fd.h"
#include "sandbox/jail.h"

namespace lemma::sandbox {

// The descriptors bubblewrap and process 1 of the jail read and write.
struct BwrapFds {
  UniqueFd init;                // bytes of process 1
  std::vector<UniqueFd> files;  // one for each of spec.files
  int status = -1;
  int control = -1;
};

// Ok if every field is in its range; the error names the first that is not.
Status ValidateSpec(const JailSpec& spec);

// The path of bubblewrap: `wanted`, or the first of the usual places. kUnsupported if none.
Result<std::string> FindBwrap(const std::string& wanted);

// REQUIRES: ValidateSpec(spec).ok(); fds.files as many as spec.files.
std::vector<std::string> BwrapCommand(const std::string& bwrap, const JailSpec& spec,
                                      const BwrapFds& fds);

}  // namespace lemma::sandbox
