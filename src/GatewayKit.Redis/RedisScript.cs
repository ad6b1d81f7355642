using System.Security.Cryptography;
using System.Text;
using StackExchange.Redis;

namespace GatewayKit.Redis;

/// <summary>One atomic step: a script for one key, of which only the hash is sent as long as Redis knows it. It answers with whole numbers.</summary>
internal sealed class RedisScript
{
    // Of its own clock: a caller's would let the fastest one win.
    private const string ServerClock = "Clock.lua";

    private readonly string _text;
    private readonly byte[] _hash;

    /// <param name="name">What metrics call it.</param>
    /// <param name="parts">The files that it is made of, one after the other.</param>
    /// <param name="clock">What sets <c>now</c> and <c>spare</c>, if not the server's clock.</param>
    public RedisScript(string name, IEnumerable<string> parts, string? clock = null)
    {
        Name = name;
        _text = string.Join('\n', [clock ?? Read(ServerClock), .. parts.Select(Read)]);
#pragma warning disable CA5350 // Redis names scripts by SHA-1; nothing rests on its strength.
        _hash = SHA1.HashData(Encoding.UTF8.GetBytes(_text));
#pragma warning restore CA5350
    }

    public string Name { get; }

    public async Task<long[]> RunAsync(IDatabase database, RedisKey key, RedisValue[] arguments)
    {
        RedisResult reply;
        try
        {
            reply = await database.ScriptEvaluateAsync(_hash, [key], arguments, CommandFlags.DemandMaster).ConfigureAwait(false);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            // Nothing was done. Redis has started anew, or has been told to forget its scripts; this makes it know the script again.
            object[] command = [_text, 1, key, .. arguments.Cast<object>()];
            reply = await database.ExecuteAsync("EVAL", command, CommandFlags.DemandMaster).ConfigureAwait(false);
        }

        return (long[]?)reply ?? throw new InvalidOperationException($"The script '{Name}' gave no answer.");
    }

    private static string Read(string file)
    {
        using var reader = new StreamReader(typeof(RedisScript).Assembly.GetManifestResourceStream(file)!);
        return reader.ReadToEnd();
    }
}
