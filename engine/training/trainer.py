"""The trainer: step by step, deterministic, resumable. It knows no threads; a Session drives it from one.

Same seed, same backend: bit-equal losses, however the steps are cut into chunks, also after a resume.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.backends import Carried, DivergedError, StepLeftError, make_executable
from engine.backends.initial import initial_weights
from engine.data.batches import batch_count, epoch_order
from engine.data.dataset import Dataset, SplitName
from engine.graph import Project
from engine.optimizers import OPTIMIZERS
from engine.plan import Plan, build_plan
from engine.plan.memory import check_memory, estimate_memory
from engine.schedules import SCHEDULES
from engine.training.columns import Columns
from engine.training.evaluation import SlicedEvaluation, SplitResult
from engine.training.fingerprint import fingerprint
from engine.training.records import EpochRecord, EpochSums, Stopped
from engine.training.resume import ResumeState, restore, resume_state
from engine.training.revive import revive_again
from engine.training.stepping import extra_tensors, step_rules
from engine.training.targets import check_inputs, encode_split

__all__ = ["EpochRecord", "ResumeState", "Stopped", "Trainer"]

#: sets up to this size are evaluated whole at an epoch's end; larger ones show the mean over the epoch's batches
FULL_TRAIN_EVALUATION = 1000


class Trainer:
    """Trains one project on one data set. ``looked_at``: steps will be kept to be looked into, which takes memory."""

    def __init__(
        self,
        project: Project,
        dataset: Dataset,
        *,
        backend: str | None = None,
        plan: Plan | None = None,
        threads: int = 0,
        looked_at: bool = False,
    ) -> None:
        setup = project.training
        self.project, self.dataset, self.setup = project, dataset, setup
        self.plan = plan if plan is not None else build_plan(project.graph)
        check_inputs(self.plan, dataset)
        self.optimizer = OPTIMIZERS.make(setup.optimizer)
        x = {s.field: dataset.train.x[s.field] for s in self.plan.inputs}
        slots = len(self.optimizer.slots) + extra_tensors(setup)
        check_memory(estimate_memory(self.plan, 1, setup.dtype, slots))  # before weights are allocated
        self.schedule = SCHEDULES.make(setup.schedule)
        self.steps_per_epoch = batch_count(len(dataset.train), setup.batch_size)
        self.rules = step_rules(setup, self.steps_per_epoch)
        self.executable = make_executable(
            backend or setup.backend, self.plan, self.optimizer, setup.dtype, setup.seed, threads, self.rules
        )
        need = partial(self.executable.memory, x=x, slots=slots, looked_at=looked_at)
        self.memory = need(min(setup.batch_size, len(dataset.train)))
        check_memory(self.memory, at=need)
        #: training targets by field, as the losses take them
        self.targets = encode_split(self.plan, dataset, dataset.train)
        self.executable.bind(x, self.targets)
        self.columns = Columns(len(self.plan.weights))
        self._seconds_per_step = 0.0
        #: seconds that keeping a step for a look took the last time
        self.keeping = 0.0
        #: a replay: nothing is evaluated at an epoch's end, and no stop rule fires
        self.endless = False
        #: whether the data are others than those that a loaded state was trained on
        self.data_changed = False
        self._start()

    def _start(self) -> None:
        self.step = 0
        self.base_rate = self.optimizer.rate
        self.command_log: list[dict[str, float | int | str]] = []
        self.epochs: list[EpochRecord] = []
        self.stopped: Stopped = ""
        self.divergence: DivergedError | None = None
        self.left = False  # whether the last chunk ended in the midst of a step, which never was
        self.sums = EpochSums()
        self.best_loss, self.best_epoch, self.bad_epochs = float("inf"), -1, 0
        self.best_weights: dict[tuple[str, str], NDArray[np.floating]] = {}
        #: those of the last step, where the best ones are back in their place: more epochs go on from here
        self.end_weights: dict[tuple[str, str], NDArray[np.floating]] = {}
        self.test_result: SplitResult | None = None
        self.results: dict[SplitName, SplitResult] = {}
        self.seconds = 0.0
        self._queue: list[SlicedEvaluation] = []
        self._after: Callable[[], None] | None = None
        self._order_epoch, self._order = -1, np.zeros(0, np.int64)

    # position ---------------------------------------------------------------------------------------------------

    @property
    def data_mark(self) -> str:
        """What the data are told apart by."""
        return fingerprint(self.dataset)

    @property
    def epoch(self) -> int:
        """Epochs completed."""
        return len(self.epochs)

    @property
    def total_steps(self) -> int:
        """Steps of all epochs asked for."""
        return self.setup.epochs * self.steps_per_epoch

    @property
    def finished(self) -> bool:
        """Whether a stop rule fired and the final evaluation is through."""
        return bool(self.stopped) and not self._queue

    @property
    def busy_evaluating(self) -> bool:
        """Whether the next piece of work is an evaluation."""
        return bool(self._queue)

    @property
    def seconds_left(self) -> float:
        """Estimated seconds until all epochs are through."""
        done = self.step or 1
        return max(self.total_steps - self.step, 0) * self.seconds / done

    def rate_at(self, step: int) -> float:
        """The scheduled learning rate of a step. Schedules count updates, which several steps may share."""
        rules = self.rules
        per_epoch = rules.updates(self.steps_per_epoch)
        return self.base_rate * self.schedule.factor(rules.update_of(step), per_epoch, self.setup.epochs * per_epoch)

    # work -------------------------------------------------------------------------------------------------------

    def advance(self, budget: float = 0.010, max_steps: int = 1 << 20, *, keep: bool = False) -> None:
        """One piece of work: about ``budget`` seconds of steps (at least one), or one slice of an evaluation.

        ``keep`` lets the last step be looked into. A divergence ends the training; weights are the last good ones.
        """
        started = time.perf_counter()
        if self._queue:
            self._evaluate_slice()
        elif not self.stopped:
            self._train_chunk(budget, max_steps, keep)
        self.seconds += time.perf_counter() - started

    def run(self, on_epoch: Callable[[EpochRecord], None] | None = None) -> None:
        """Train until a stop rule fires, and evaluate the test set."""
        seen = self.epoch
        while not self.finished:
            self.advance(1.0)
            if on_epoch and self.epoch > seen:
                on_epoch(self.epochs[-1])
            seen = self.epoch

    def run_steps(self, count: int) -> None:
        """Exactly ``count`` steps, with the evaluations that fall due."""
        goal = self.step + count
        while not self.stopped and (self.step < goal or self._queue):
            self.advance(1.0, max(goal - self.step, 1))

    def _train_chunk(self, budget: float, max_steps: int, keep: bool) -> None:
        first = self.step % self.steps_per_epoch
        rows = self._rows(first, min(max_steps, self._steps_within(budget)))
        rates = np.array([self.rate_at(self.step + k) for k in range(len(rows))])
        started = time.perf_counter()
        try:
            records = self.executable.train(rows, rates, self.step, keep=keep)
            self._note_speed(time.perf_counter() - started, len(rows), keep)
        except DivergedError as error:
            self._diverged(error, rates)
            return
        except StepLeftError as left:
            records = left.done
        made = len(records.loss)
        self.left = made < len(rows)
        self.columns.append(records, rates[:made])
        for loss, hits, samples in zip(records.loss, records.hits, records.samples, strict=True):
            self.sums.loss += float(loss) * int(samples)
            self.sums.hits += int(hits)
            self.sums.samples += int(samples)
        self.step += made
        if not self.left and self.step % self.steps_per_epoch == 0:
            if self.endless:
                self.sums = EpochSums()
            else:
                self.begin_epoch_end()

    def _note_speed(self, elapsed: float, steps: int, keep: bool) -> None:
        """Seconds of a step, and those that keeping the last one took beyond: a look is not a step."""
        if not keep or not self._seconds_per_step:
            self._seconds_per_step = elapsed / steps
        self.keeping = max(elapsed - steps * self._seconds_per_step, 0.0) if keep else self.keeping

    def _steps_within(self, budget: float) -> int:
        return max(1, int(budget / self._seconds_per_step)) if self._seconds_per_step else 1

    def _rows(self, first: int, count: int) -> NDArray[np.int64]:
        """The next batches (S, B); a shorter last batch of an epoch comes alone."""
        epoch = self.step // self.steps_per_epoch
        if epoch != self._order_epoch:
            self._order = epoch_order(len(self.dataset.train), self.setup.seed, epoch, self.setup.shuffle)
            self._order_epoch = epoch
        batch = min(self.setup.batch_size, len(self._order))
        full = len(self._order) // batch
        if first >= full:
            return self._order[full * batch :][None, :]
        last = min(full, first + count)
        return self._order[first * batch : last * batch].reshape(last - first, batch)

    def _diverged(self, error: DivergedError, rates: NDArray[np.float64]) -> None:
        if error.done is not None and len(error.done.loss):
            self.columns.append(error.done, rates)
            self.step += len(error.done.loss)
        self.divergence, self.stopped = error, "diverged"

    def _evaluate_slice(self) -> None:
        evaluation = self._queue[0]
        evaluation.advance()
        if evaluation.result is not None:
            self.results[evaluation.split] = evaluation.result
            self._queue.pop(0)
        if not self._queue and self._after is not None:
            after, self._after = self._after, None
            after()

    # the end of an epoch ------------------------------------------------------------------------------------------

    def begin_epoch_end(self) -> None:
        """Queue the evaluations that close the epoch."""
        splits: list[SplitName] = ["validation"] if len(self.dataset.validation) else []
        if self._train_is_full:
            splits.append("train")
        self._queue = [SlicedEvaluation(self.executable, self.dataset, s, averaged=self.by_mean) for s in splits]
        self._after = self._end_epoch
        if not self._queue:
            self._end_epoch()

    @property
    def by_mean(self) -> bool:
        """Whether evaluations judge the running mean of the weights. Once stopped, it stands in their place already."""
        return self.setup.ema_decay is not None and self.setup.ema_evaluate and not self.stopped

    @property
    def _train_is_full(self) -> bool:
        return len(self.dataset.train) <= FULL_TRAIN_EVALUATION

    @property
    def main_metric(self) -> str:
        """Id of the metric that is shown beside the loss."""
        return "mae" if self.dataset.task == "values" else "accuracy"

    def _end_epoch(self) -> None:
        nan = float("nan")
        validation = self.results.get("validation")
        train = self.results.get("train") if self._train_is_full else None
        mean_hits = self.sums.hits / self.sums.samples if self.dataset.task != "values" and self._counts_hits else nan
        record = EpochRecord(
            epoch=self.epoch + 1,
            step=self.step,
            train_loss=train.loss if train else self.sums.loss / self.sums.samples,
            train_metric=train.metrics.get(self.main_metric, nan) if train else mean_hits,
            validation_loss=validation.loss if validation else nan,
            validation_metric=validation.metrics.get(self.main_metric, nan) if validation else nan,
            rate=self.rate_at(self.step - 1),
            seconds=self.seconds,
            train_is_full=self._train_is_full,
        )
        self.epochs.append(record)
        self.sums = EpochSums()
        self._apply_stop_rules(record)

    @property
    def _counts_hits(self) -> bool:
        return any(h.loss.target != "values" for h in self.plan.heads)

    def _apply_stop_rules(self, record: EpochRecord) -> None:
        watched = record.validation_loss if len(self.dataset.validation) else record.train_loss
        if watched < self.best_loss - self.setup.min_change:
            self.best_loss, self.best_epoch, self.bad_epochs = watched, record.epoch, 0
            if self.setup.patience is not None and self.setup.restore_best:
                self.best_weights = self._judged_weights()
        else:
            self.bad_epochs += 1
        if self.setup.target_loss is not None and watched <= self.setup.target_loss:
            self._finish("target")
        elif self.setup.patience is not None and self.bad_epochs >= self.setup.patience:
            self._finish("patience")
        elif record.epoch >= self.setup.epochs:
            self._finish("epochs")

    def _finish(self, reason: Stopped) -> None:
        """Best weights, or their mean, in place where they were asked for; then the test set, once."""
        best = self.best_weights if self.setup.restore_best else {}
        chosen = best or (self._judged_weights() if self.by_mean else {})
        if chosen:
            self.end_weights = self.executable.weights()
            self.executable.load_weights(chosen)
        self.stopped = reason
        # Within an epoch the last validation was of other weights.
        last: list[SplitName] = ["validation", "test"] if reason == "hand" else ["test"]
        self._queue = [SlicedEvaluation(self.executable, self.dataset, s) for s in last if len(self.dataset.split(s))]
        self._after = self._keep_test if self._queue else None

    def _judged_weights(self) -> dict[tuple[str, str], NDArray[np.floating]]:
        """Copies of those that evaluations use."""
        with self.executable.averaged() if self.by_mean else nullcontext():
            return self.executable.weights()

    def _keep_test(self) -> None:
        self.test_result = self.results.get("test")

    # commands -----------------------------------------------------------------------------------------------------

    def set_rate(self, rate: float) -> None:
        """A new base learning rate from the next step on; logged with the step, so that a replay does the same."""
        self.base_rate = rate
        self.command_log.append({"step": self.step, "command": "rate", "value": rate})

    def redo(self, change: Mapping[str, float | int | str]) -> None:
        """A logged command again; its step is the caller's to meet."""
        if change["command"] == "rate":
            self.set_rate(float(change["value"]))
        elif change["command"] == "revive":
            revive_again(self, str(change["value"]))
        else:
            self.extend(int(change["value"]))

    def reset(self) -> None:
        """Back to the initial weights of this seed, step 0. A rate that was set meanwhile stays in force."""
        rate = self.base_rate
        self.executable.load_weights(dict(initial_weights(self.plan, self.setup.seed)))
        fresh = {
            key: {slot: np.full_like(a, self.optimizer.slot_start(slot)) for slot, a in state.items()}
            for key, state in self.executable.optimizer_state().items()
        }
        self.executable.load_optimizer_state(fresh)
        self.executable.load_carried(Carried())
        self.columns.clear()
        self._start()
        if rate != self.base_rate:
            self.set_rate(rate)

    def extend(self, epochs: int) -> None:
        """Ask for more epochs; a training that ended because its epochs were through goes on from its last step.

        Logged like a rate: a schedule may span all epochs.
        """
        if epochs != self.setup.epochs:
            self.command_log.append({"step": self.step, "command": "epochs", "value": epochs})
        self.setup = replace(self.setup, epochs=epochs)
        if self.stopped == "epochs" and self.epoch < epochs:
            self.go_on()

    def stop(self) -> None:
        """End the training here as at its last epoch; the evaluation of an epoch that is under way is finished first.

        ``stopped`` is "hand" then; ``go_on`` takes it back.
        """
        if not self.busy_evaluating and not self.stopped:
            self._finish("hand")
        elif not self.stopped:
            self._after = self._end_epoch_by_hand

    def _end_epoch_by_hand(self) -> None:
        self._end_epoch()
        self.stop()

    def go_on(self) -> None:
        """From the last step, as if no rule had ended it."""
        self.stopped, self._queue, self._after = "", [], None
        if self.end_weights:
            self.executable.load_weights(self.end_weights)
            self.end_weights = {}

    def evaluate(self, split: SplitName) -> SplitResult:
        """The whole split at once, with the weights of this moment."""
        return SlicedEvaluation(self.executable, self.dataset, split, averaged=self.by_mean).run()

    def resume_state(self) -> ResumeState:
        """Everything needed to go on bit for bit; between two steps only."""
        return resume_state(self)

    def load_resume_state(self, state: ResumeState) -> None:
        """Go on from there. ValueError if it belongs to another plan or setup."""
        restore(self, state)
