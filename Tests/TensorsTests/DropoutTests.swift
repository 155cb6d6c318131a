import ConcordTensors
import TestSupport
import Testing

@Suite struct DropoutTests {
    @Test func evaluationPassesEverything() {
        let x = hashed("x", [100])
        #expect(x.dropout(0.5).scalars == x.scalars)
    }

    @Test func theShareThatIsLeftIsScaledToTheSameMean() {
        let y = training { Tensor(ones: [20000]).dropout(0.25) }.scalars
        #expect(Set(y) == [0, 1 / 0.75])
        #expect(abs(y.reduce(0, +) / 20000 - 1) < 0.02)
    }

    @Test func masksDependOnTheStepAloneAndDifferFromCallToCall() {
        let x = Tensor(ones: [64])
        func masks(_ step: Int) -> [[Float]] {
            training(step: step) { [x.dropout(0.5).scalars, x.dropout(0.5).scalars] }
        }
        let (third, again, fourth) = (masks(3), masks(3), masks(4))
        #expect(third == again)
        #expect(third[0] != third[1])
        #expect(third != fourth)
    }

    @Test func gradientsMatchDifferences() {
        checkGradients(of: hashed("x", [5, 7])) { inputs in training { inputs[0].dropout(0.5) } }
    }
}
