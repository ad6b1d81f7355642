using System.Globalization;

namespace GatewayKit.Tests.Resilience.Model;

/// <summary>One random run of a mechanism beside a plain model of it: draws from a seed, time, and what was done so far.</summary>
internal sealed class Trace(int seed, bool keepsSteps)
{
    private readonly List<string> _steps = [];

    public int Seed => seed;

    public Random Random { get; } = new(seed);

    public SteppedTime Time { get; } = new();

    /// <summary>What was done, for people.</summary>
    public string Story => string.Join(Environment.NewLine, _steps);

    /// <summary>Notes what is done next. Costs nothing while nobody will read it.</summary>
    public void Note(FormattableString step)
    {
        if (keepsSteps)
        {
            _steps.Add(string.Create(CultureInfo.InvariantCulture, $"{Time.GetTimestamp(),14} {FormattableString.Invariant(step)}"));
        }
    }

    public bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>A number from <paramref name="least"/> to <paramref name="most"/>, both included.</summary>
    public int Number(int least, int most) => Random.Next(least, most + 1);

    public TimeSpan Milliseconds(int least, int most) => TimeSpan.FromMilliseconds(Number(least, most));

    public T OneOf<T>(params ReadOnlySpan<T> items) => items[Random.Next(items.Length)];
}
