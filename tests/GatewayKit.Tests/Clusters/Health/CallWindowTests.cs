using GatewayKit.Clusters.Health;

namespace GatewayKit.Tests.Clusters.Health;

public sealed class CallWindowTests
{
    [Fact]
    public void Window_holds_the_calls_of_its_steps_and_none_before()
    {
        var window = new CallWindow();
        Count(window, 7, 3);
        Assert.Equal(new(7, 3), window.Advance());
        for (var i = 1; i < CallWindow.Steps; i++)
        {
            Count(window, 1, 1);
            Assert.Equal(new(7 + i, 3 + i), window.Advance());
        }

        Assert.Equal(new(CallWindow.Steps - 1, CallWindow.Steps - 1), window.Advance());
    }

    [Fact]
    public void Forgotten_calls_count_no_more()
    {
        var window = new CallWindow();
        Count(window, 50, 50);
        window.Forget();
        Count(window, 2, 0);
        Assert.Equal(new(2, 0), window.Advance());
    }

    [Fact]
    public async Task Calls_of_many_threads_are_all_counted()
    {
        var window = new CallWindow();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Count(window, 10_000, 2_500))));
        Assert.Equal(new(40_000, 10_000), window.Advance());
    }

    private static void Count(CallWindow window, int calls, int failures)
    {
        for (var i = 0; i < calls; i++)
        {
            window.Count(i < failures);
        }
    }
}
