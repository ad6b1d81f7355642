namespace GatewayKit.FunctionalTests.Lifecycle;

/// <summary>A reload keeps the state of what it did not change.</summary>
public sealed class ReloadStateTests
{
    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var kind in KeptState.All)
        {
            foreach (var reload in (Reload[])[Reload.Elsewhere, Reload.Setting, Reload.Destination])
            {
                if (kind.Survives.HasFlag(reload))
                {
                    cases.Add(kind.Name, reload.ToString());
                }
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task State_is_kept(string name, string reload)
    {
        var kind = KeptState.All.Single(kind => kind.Name == name);
        await using var gateway = await ReloadedGateway.StartAsync(kind);
        await kind.UseAsync(gateway);
        await gateway.ApplyAsync(Enum.Parse<Reload>(reload));
        await kind.CheckAsync(gateway);
    }

    /// <summary>What the checks above look at is not there by itself.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Check_fails_without_it(string name, string reload)
    {
        var kind = KeptState.All.Single(kind => kind.Name == name);
        await using var gateway = await ReloadedGateway.StartAsync(kind);
        await gateway.ApplyAsync(Enum.Parse<Reload>(reload));
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => kind.CheckAsync(gateway));
    }
}
