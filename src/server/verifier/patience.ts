/** Waits for a promise that never rejects, but only for a while. Returns whether it was in time. */
export async function waitAtMost(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const inTime = await Promise.race([promise.then(() => true), tooLong]);
  clearTimeout(timer);
  return inTime;
}
