using GatewayKit.Auditing.Records;

namespace GatewayKit.Tests.Auditing;

public sealed class RequestIdsTests
{
    [Fact]
    public void Ids_are_never_the_same_and_sort_by_time()
    {
        var (ids, time) = (new RequestIds(), DateTimeOffset.UnixEpoch.AddYears(50));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var last = string.Empty;
        for (var i = 0; i < 1_000; i++)
        {
            var id = ids.Next(time.AddMilliseconds(i));
            Assert.Equal(26, id.Length);
            Assert.True(seen.Add(id) && seen.Add(ids.Next(time.AddMilliseconds(i))));
            Assert.True(string.CompareOrdinal(last, id) < 0);
            last = id;
        }
    }

    // The example of the specification: 1469918176385 ms.
    [Fact]
    public void Time_stands_in_the_first_ten_digits() =>
        Assert.StartsWith("01ARYZ6S41", new RequestIds().Next(DateTimeOffset.FromUnixTimeMilliseconds(1469918176385)), StringComparison.Ordinal);
}
