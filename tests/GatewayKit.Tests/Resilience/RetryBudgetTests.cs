using GatewayKit.Resilience;
using GatewayKit.Tests.Throttling;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Resilience;

public sealed class RetryBudgetTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Whole_reserve_can_be_spent_in_one_moment_and_once_in_a_window()
    {
        var budget = new RetryBudget(new(), _time);
        Assert.Equal(30, Withdraw(budget, 100));
        _time.Advance(TimeSpan.FromSeconds(9.9));
        Assert.Equal(0, Withdraw(budget, 100));
        _time.Advance(TimeSpan.FromSeconds(1.1));
        Assert.Equal(30, Withdraw(budget, 100));
    }

    [Theory]
    [InlineData(0.2, 20)]
    [InlineData(0.3, 30)]
    [InlineData(0.07, 7)]
    [InlineData(0.29, 29)]
    [InlineData(1, 100)]
    [InlineData(0, 0)]
    public void Hundred_requests_pay_for_their_share_of_retries_to_the_last_one(double ratio, int retries)
    {
        var budget = new RetryBudget(new() { Ratio = ratio, MinPerSecond = 0 }, _time);
        for (var i = 0; i < 100; i++)
        {
            budget.Deposit();
        }

        Assert.Equal(retries, Withdraw(budget, 200));
    }

    [Fact]
    public void Reserve_is_there_whatever_the_ratio()
    {
        var budget = new RetryBudget(new() { Ratio = 0, MinPerSecond = 1 }, _time);
        Assert.Equal(10, Withdraw(budget, 100));
    }

    [Fact]
    public void Requests_of_former_windows_pay_for_nothing()
    {
        var budget = new RetryBudget(new() { MinPerSecond = 0 }, _time);
        budget.Deposit();
        budget.Deposit();
        budget.Deposit();
        budget.Deposit();
        budget.Deposit();
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.False(budget.TryWithdraw());
    }

    [Fact]
    public void Many_threads_together_get_no_more_than_one_would()
    {
        using var race = new Race(runners: 4);
        for (var round = 0; round < 500; round++)
        {
            var budget = new RetryBudget(new() { MinPerSecond = 0.1 }, _time);
            for (var i = 0; i < 10; i++)
            {
                budget.Deposit();
            }

            // 20 % of ten, and one a window.
            var granted = race.Count(budget.TryWithdraw);
            Assert.Equal(3, granted + Withdraw(budget, 10));
        }
    }

    private static int Withdraw(RetryBudget budget, int times) => Enumerable.Range(0, times).Count(_ => budget.TryWithdraw());
}
