// Runs Azurite in this process, with its own options, until standard input closes. The operating system closes it when the
// process at the other end is gone, killed included, so the emulator never outlives who started it.
const GRACE_MILLISECONDS = 3000;

function end() {
  setTimeout(() => process.exit(), GRACE_MILLISECONDS).unref();
  const handled = process.emit("SIGTERM"); // Azurite closes its ports
  if (!handled) process.exit(); // it was still starting
}

process.stdout.on("error", () => {}); // nobody reads any more, which must not keep Azurite from ending properly
process.stdin.on("end", end).on("error", end).resume();
await import("azurite/dist/src/azurite.js");
