"""What a farm adds up from its workers."""

from collections.abc import Iterable

from .catalogue import ASIC_PLATFORM, GPU_PLATFORM
from .data import Data, kilo, sparse
from .worker import SimulatedWorker


class Totals:
    """Totals of workers: of those that report, and of those only."""

    def __init__(self, workers: Iterable[SimulatedWorker]) -> None:
        """Add them up."""
        self.power = {GPU_PLATFORM: 0, ASIC_PLATFORM: 0}
        self.online = {GPU_PLATFORM: 0, ASIC_PLATFORM: 0}
        self.units = {GPU_PLATFORM: 0, ASIC_PLATFORM: 0}
        self.units_online = {GPU_PLATFORM: 0, ASIC_PLATFORM: 0}
        self.problems: dict[str, int] = {}
        self.shares = [0, 0, 0]
        self.rates: dict[tuple[str, str], float] = {}
        for worker in workers:
            self.units[worker.platform] += worker.units
            if worker.reports and worker.online:
                self._add(worker)

    def _add(self, worker: SimulatedWorker) -> None:
        figures = worker.reading()[1]
        platform = worker.platform
        self.online[platform] += 1
        self.power[platform] += round(figures.power or 0)
        if figures.streams or platform == ASIC_PLATFORM:
            self.units_online[platform] += len(figures.units)
        for problem in worker.problems(figures):
            self.problems[problem] = self.problems.get(problem, 0) + 1
        for place, count in enumerate(figures.shares):
            self.shares[place] += count
        for stream in figures.streams:
            item = stream.item
            self._rate(item.algorithm, item.coin, kilo(sum(stream.rates)))
            if item.second_algorithm and item.second_coin:
                rate = kilo(sum(stream.second_rates))
                self._rate(item.second_algorithm, item.second_coin, rate)

    def _rate(self, algorithm: str, coin: str, rate: float) -> None:
        key = (algorithm, coin)
        self.rates[key] = self.rates.get(key, 0.0) + rate

    def hashrates(self) -> Data:
        """By algorithm and by coin; no such keys where nothing hashes."""
        by_algorithm: dict[str, float] = {}
        for (algorithm, _), rate in self.rates.items():
            by_algorithm[algorithm] = by_algorithm.get(algorithm, 0.0) + rate
        return sparse(
            hashrates=[
                {"algo": algorithm, "hashrate": kilo(rate)}
                for algorithm, rate in by_algorithm.items()
            ],
            hashrates_by_coin=[
                {"coin": coin, "algo": algorithm, "hashrate": kilo(rate)}
                for (algorithm, coin), rate in self.rates.items()
            ],
        )

    def stats(
        self,
        gpu: list[SimulatedWorker],
        asic: list[SimulatedWorker],
        price: float,
    ) -> Data:
        """The farm's ``stats``."""
        power = sum(self.power.values())
        data: Data = {}
        for name, number, units, workers in (
            ("rigs", GPU_PLATFORM, "gpus", gpu),
            ("asics", ASIC_PLATFORM, "boards", asic),
        ):
            data |= {
                f"{name}_total": len(workers),
                f"{name}_online": self.online[number],
                f"{name}_offline": len(workers) - self.online[number],
                f"{name}_power": self.power[number],
                f"{units}_total": self.units[number],
                f"{units}_online": self.units_online[number],
                f"{units}_offline": self.units[number] - self.units_online[number],
            }
        online, total = sum(self.online.values()), len(gpu) + len(asic)
        data |= {
            "workers_total": total,
            "workers_online": online,
            "workers_offline": total - online,
            "workers_overheated": self.problems.get("overheat", 0),
            "workers_overloaded": 0,
            "workers_invalid": 0,
            "workers_low_asr": self.problems.get("low_asr", 0),
            "workers_no_hashrate": self.problems.get("no_hashrate", 0),
            "power_draw": power,
        }
        if all_shares := sum(self.shares):
            data["asr"] = round(100 * self.shares[0] / all_shares, 2)
        if power:
            data["power_cost"] = round(power / 1000 * price, 2)
        return data
