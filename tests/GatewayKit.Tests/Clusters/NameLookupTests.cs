using System.Net;
using System.Net.Sockets;
using GatewayKit.Clusters;
using Microsoft.Extensions.Time.Testing;

namespace GatewayKit.Tests.Clusters;

public sealed class NameLookupTests
{
    private static readonly IPAddress First = IPAddress.Parse("10.0.0.1");
    private static readonly IPAddress Second = IPAddress.Parse("10.0.0.2");

    private readonly FakeTimeProvider _time = new();
    private readonly NameLookup _names;
    private Func<Task<IPAddress[]>> _resolver = static () => Task.FromResult<IPAddress[]>([First]);
    private int _asked;

    public NameLookupTests() => _names = new(_time, (_, _) =>
    {
        _asked++;
        return _resolver();
    });

    [Fact]
    public async Task Addresses_need_no_resolver()
    {
        Assert.Equal([First], await _names.ResolveAsync("10.0.0.1", default));
        Assert.Equal([IPAddress.IPv6Loopback], await _names.ResolveAsync("::1", default));
        Assert.Equal(0, _asked);
    }

    [Fact]
    public async Task Every_connection_asks_anew()
    {
        await _names.ResolveAsync("a", default);
        _resolver = static () => Task.FromResult<IPAddress[]>([Second]);
        Assert.Equal([Second], await _names.ResolveAsync("A", default));
    }

    [Fact]
    public async Task Resolver_that_fails_or_answers_nothing_leaves_the_last_good_addresses_for_five_minutes()
    {
        await _names.ResolveAsync("a", default);
        foreach (var failing in Failing())
        {
            _resolver = failing;
            Assert.Equal([First], await _names.ResolveAsync("a", default));
        }

        _time.Advance(NameLookup.MostStale);
        foreach (var failing in Failing())
        {
            _resolver = failing;
            await Assert.ThrowsAsync<SocketException>(async () => await _names.ResolveAsync("a", default));
        }
    }

    [Fact]
    public async Task Answers_from_the_past_are_not_renewed_by_being_used()
    {
        await _names.ResolveAsync("a", default);
        _resolver = static () => throw new SocketException((int)SocketError.TryAgain);
        _time.Advance(NameLookup.MostStale / 2);
        await _names.ResolveAsync("a", default);
        _time.Advance(NameLookup.MostStale / 2);
        await Assert.ThrowsAsync<SocketException>(async () => await _names.ResolveAsync("a", default));
    }

    [Fact]
    public async Task Slow_resolver_is_not_waited_for_when_there_are_good_addresses()
    {
        await _names.ResolveAsync("a", default);
        var late = new TaskCompletionSource<IPAddress[]>();
        _resolver = () => late.Task;
        var resolving = _names.ResolveAsync("a", default).AsTask();
        _time.Advance(NameLookup.Patience - TimeSpan.FromMilliseconds(1));
        Assert.False(resolving.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([First], await resolving.WaitAsync(TimeSpan.FromSeconds(20)));
        late.SetException(new SocketException((int)SocketError.TimedOut));
    }

    [Fact]
    public async Task Answer_that_comes_late_is_remembered()
    {
        await _names.ResolveAsync("a", default);
        var late = new TaskCompletionSource<IPAddress[]>();
        _resolver = () => late.Task;
        var resolving = _names.ResolveAsync("a", default).AsTask();
        _time.Advance(NameLookup.Patience);
        Assert.Equal([First], await resolving.WaitAsync(TimeSpan.FromSeconds(20)));
        late.SetResult([Second]);
        _resolver = static () => throw new SocketException((int)SocketError.TryAgain);
        Assert.True(SpinWait.SpinUntil(() => _names.ResolveAsync("a", default).AsTask().GetAwaiter().GetResult() is [var address] && address.Equals(Second), TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Connections_that_want_a_name_at_once_share_one_look_up()
    {
        var answer = new TaskCompletionSource<IPAddress[]>();
        _resolver = () => answer.Task;
        using var gone = new CancellationTokenSource();
        var leaving = _names.ResolveAsync("a", gone.Token).AsTask();
        var staying = _names.ResolveAsync("A", default).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        answer.SetResult([First]);
        Assert.Equal([First], await staying.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(1, _asked);
    }

    [Fact]
    public async Task Resolver_that_never_answers_is_asked_anew()
    {
        var never = new TaskCompletionSource<IPAddress[]>();
        _resolver = () => never.Task;
        var resolving = _names.ResolveAsync("a", default).AsTask();
        _time.Advance(NameLookup.Longest);
        var failure = await Assert.ThrowsAsync<SocketException>(() => resolving.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(SocketError.TimedOut, failure.SocketErrorCode);
        _resolver = static () => Task.FromResult<IPAddress[]>([Second]);
        Assert.Equal([Second], await _names.ResolveAsync("a", default));
    }

    [Fact]
    public async Task Name_that_was_never_found_fails()
    {
        _resolver = static () => Task.FromResult<IPAddress[]>([]);
        var failure = await Assert.ThrowsAsync<SocketException>(async () => await _names.ResolveAsync("a", default));
        Assert.Equal(SocketError.HostNotFound, failure.SocketErrorCode);
    }

    [Fact]
    public async Task Look_up_that_is_not_wanted_any_more_is_no_failure_of_the_resolver()
    {
        await _names.ResolveAsync("a", default);
        var never = new TaskCompletionSource<IPAddress[]>();
        _resolver = () => never.Task;
        using var gone = new CancellationTokenSource();
        var resolving = _names.ResolveAsync("a", gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => resolving);
    }

    private static Func<Task<IPAddress[]>>[] Failing() =>
    [
        static () => throw new SocketException((int)SocketError.HostNotFound),
        static () => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain)),
        static () => Task.FromResult<IPAddress[]>([]),
    ];
}
