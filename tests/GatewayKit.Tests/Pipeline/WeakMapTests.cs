using System.Runtime.CompilerServices;
using GatewayKit.Pipeline;

namespace GatewayKit.Tests.Pipeline;

public sealed class WeakMapTests
{
    private readonly WeakMap<string, object> _map = new(StringComparer.OrdinalIgnoreCase);

    [Fact]
    public void Key_finds_the_same_while_somebody_uses_it()
    {
        var one = _map.GetOrAdd("a", static () => new());
        Collect();
        Assert.Same(one, _map.GetOrAdd("A", static () => throw new InvalidOperationException("There is one.")));
        Assert.NotSame(one, _map.GetOrAdd("b", static () => new()));
        Assert.Contains(one, _map.InUse);
    }

    [Fact]
    public void What_nobody_uses_goes_and_its_key_with_it()
    {
        var kept = _map.GetOrAdd("kept", static () => new());
        for (var i = 0; i < 1_000; i++)
        {
            Use($"{i}");
            if (i % 100 == 99)
            {
                Collect();
                Assert.Same(kept, Assert.Single(_map.InUse));
            }
        }

        Assert.InRange(_map.Count, 1, 200);
    }

    private static void Collect()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Use(string key) => _map.GetOrAdd(key, static () => new());
}
