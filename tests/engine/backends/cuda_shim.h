// CUDA C on the processor: the block's threads are real threads, its barrier a real barrier.
#pragma once
#include <cmath>
#include <pthread.h>

#define __global__
#define __device__ static inline
#define __constant__ static const
#define __shared__
#define __launch_bounds__(n)

using std::cos; using std::erf; using std::exp; using std::expm1; using std::fabs; using std::isfinite; using std::log;
using std::log1p; using std::pow; using std::sin; using std::sqrt; using std::tanh;

struct Place { unsigned x, y, z; };
static thread_local Place threadIdx, blockDim, blockIdx, gridDim;
static pthread_barrier_t crossing;
static inline void __syncthreads() { pthread_barrier_wait(&crossing); }
static inline int atomicMin(int* at, int value) {
  int old = __atomic_load_n(at, __ATOMIC_SEQ_CST);
  while (old > value && !__atomic_compare_exchange_n(at, &old, value, true, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
  return old;
}
alignas(16) double arena[1 << 16];

// ``block``: one thread's run of the kernel on the arguments
struct Post { unsigned place, threads, blocks; void (*block)(void**); void** given; };
static void* stand(void* raw) {
  Post* post = (Post*)raw;
  threadIdx.x = post->place; blockDim.x = post->threads; gridDim.x = post->blocks;
  for (unsigned b = 0; b < post->blocks; b++) { blockIdx.x = b; __syncthreads(); post->block(post->given); }
  return nullptr;
}
static void crew(int blocks, int threads, void (*block)(void**), void** given) {
  pthread_t made[1024];
  Post posts[1024];
  pthread_barrier_init(&crossing, nullptr, (unsigned)threads);
  for (int k = 0; k < threads; k++) {
    posts[k] = {(unsigned)k, (unsigned)threads, (unsigned)blocks, block, given};
    pthread_create(&made[k], nullptr, stand, &posts[k]);
  }
  for (int k = 0; k < threads; k++) pthread_join(made[k], nullptr);
  pthread_barrier_destroy(&crossing);
}
