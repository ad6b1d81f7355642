using System.Collections.Concurrent;

namespace GatewayKit.ClientTests.Node;

/// <summary>What one request waits for and another one opens, by name. A name is used once.</summary>
internal sealed class Gates
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new(StringComparer.Ordinal);

    public void Open(string name) => Of(name).TrySetResult();

    public Task WaitAsync(string name) => Of(name).Task.WaitAsync(Limit);

    /// <summary>Whether nobody has asked this before.</summary>
    public bool IsFirst(string name) => Of(name).TrySetResult();

    private TaskCompletionSource Of(string name) => _gates.GetOrAdd(name, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
